/*
 * Where entries come from: files of raw lines or JSON lines, packs, chunks, WAL segments, a store,
 * a WAL folder. Each kind is one file, source_*.c, that makes pieces of a plan.
 */
#ifndef QUERY_SOURCE_H
#define QUERY_SOURCE_H

#include "base/interrupt.h"
#include "query/gate.h"
#include "query/scan.h"
#include "query/stats.h"

enum input_kind { INPUT_AUTO, INPUT_LINES, INPUT_JSONL };

/* What time a raw line gets. */
enum raw_time {
	RAW_TIME_ARRIVAL, /* when what it stands in was read, and a nanosecond more for each byte
			     before it there, so that order is kept */
	RAW_TIME_NOW,	  /* now, all of them: for windows that end now */
	RAW_TIME_LINE,	  /* what stands in the line; else that of the line before */
	RAW_TIME_FIELD,	  /* what its field `time_field` says; else that of the line before */
};

struct source_opts {
	const char *store, *wal; /* NULL: not asked */
	bool if_there;		 /* a store or log that is not there is an empty one */
	char *const *files;	 /* "-" is stdin */
	size_t n_files;
	struct bytes tenant; /* several as "a|b"; empty: any, which only files can do */
	/* What every stream must fit, whatever is asked. */
	const struct matcher *match;
	size_t n_match;
	const char *limits_file; /* of what is kept and hidden; NULL: the store's own (hide.h) */
	const struct hide *hide; /* what is found out already of that; NULL: nothing */
	enum input_kind input;
	enum raw_time raw_time;
	struct bytes time_field;
	int64_t now_ns;
	int64_t deadline_ns;	/* of time_mono_ns: then it is too late; 0: there is none */
	bool interruptible;	/* a SIGINT that waits (interrupt.h) ends it: ERR_AGAIN */
	scan_damage_fn *damage; /* what could not be read while planning */
	scan_damage_fn *warn;	/* what is read, but hardly meant so */
	scan_damage_fn *note;	/* a hint, when nothing was found */
	void *damage_data;	/* of all three */
	struct buf *warnings;	/* source_add_warning adds to it; NULL: nobody asks */
	int64_t list_age_ns;	/* of listings that are taken from the cache; 0: none are */
	struct cache *cache;	/* of what is read of a remote store; NULL: none */
	struct store_stats *store_stats; /* added to, when a store is closed; NULL: nobody asks */
	bool *store_away;  /* set when one is closed that did not answer; NULL: nobody asks */
	struct gate *gate; /* told before anything is scanned; NULL: nobody asks */
	struct query_stats *stats; /* added to; with a gate always there; else NULL: nobody asks */
};

/* For whoever reads, now and then: ERR_AGAIN when it is to end. */
MUST_CHECK static inline int source_check_interrupt(const struct source_opts *o, struct err *e)
{
	return o->interruptible ? interrupt_check(e) : 0;
}

/* What failed because it is too late says so, as Loki does. */
void source_say_late(const struct source_opts *o, struct err *e);

/* To be told in the answer itself, each once: a member of a JSON array. */
void source_add_warning(const struct source_opts *o, const struct err *e);

/* o->store, and its end; NULL is fine. Errors: store_open's. */
struct store;
struct store *source_open_store(const struct source_opts *o, struct err *e);
void source_close_store(const struct source_opts *o, struct store *s);

struct sources;

/* What is read when the n operands, --store and --wal (set in o already) are named so: any of them
 * turns all others off; none means stdin when it is a pipe or a file that holds anything, else the
 * store and WAL of ./lokid-data, when they are there; then this may wait for a pipe's first byte.
 * False: nothing to read. */
bool sources_choose(struct source_opts *o, char *const *files, size_t n);
/* The store and WAL of ./lokid-data; false: neither is there. */
bool sources_choose_default(struct source_opts *o);

/* Another deadline than that of the options. */
void sources_set_deadline(struct sources *s, int64_t at_ns);

/* Opens the files and looks at what they are. Errors: ERR_IO; ERR_CORRUPT, ERR_VERSION of a file;
 * ERR_USAGE, a time or a tenant is said for lines and there are none, or nothing else.
 */
MUST_CHECK int sources_open(const struct source_opts *o, struct sources **ret, struct err *e);
void sources_free(
	struct sources *s); /* after every plan that it filled was released; NULL is fine */

/* Whether all that they hold are raw lines: then the order of the lines is the natural one. */
bool sources_raw_only(const struct sources *s);

/* Whether sources_next will have something to give: a pipe, a compressed file. */
bool sources_stream(const struct sources *s);

/* Of an answer with nothing in it: tells o->note when that is so because raw lines have no labels.
 */
void sources_hint(const struct sources *s);

/* From now on sources_next gives what there is, rather than wait for more. */
void sources_prompt(struct sources *s);

/* From now on every line of a pipe or of a compressed file is kept, so that several plans can be
 * made. */
void sources_keep(struct sources *s);

/* Adds all pieces to the plan but those that only sources_next gives. */
MUST_CHECK int sources_plan(struct sources *s, struct plan *p, struct err *e);
/* The next pieces of what is read as it comes (pipes, compressed files): 1, 0 when there is nothing
 * more, -1. The ones of the call before are no longer valid. With sources_keep there are none. */
MUST_CHECK int sources_next(struct sources *s, struct plan *p, struct err *e);

/* For the kinds' own files: adds what they hold to the plan. Each returns 0 or -1. */
MUST_CHECK int source_chunks(struct plan *p, const char *name, int fd, uint64_t seq,
			     const struct source_opts *o, struct err *e);

/* What the store covers: of these segments the entries of that tenant and day are not read in the
 * WAL. tenant is borrowed. */
struct covered {
	struct covered_pair {
		struct hash128 segment;
		int32_t day;
		struct bytes tenant;
	} * v;
	size_t n, cap;
};
/* Adds what an index of the tenant covers; covered_sort before covered_has. */
struct index;
MUST_CHECK int covered_add(struct covered *c, struct index *ix, struct bytes tenant, struct err *e);
void covered_sort(struct covered *c);
bool covered_has(const struct covered *c, const struct hash128 *segment, int32_t day,
		 struct bytes tenant);

/* Of a pack that an index names and that is not there: it was replaced meanwhile, and all is to be
 * planned again; or it is lost. Then that is damage, the rest is read, and what only its index
 * covers is not covered. */
enum if_missing { MISSING_REPLACED, MISSING_LOST };

/* piece.seq of a block in a pack: by the start of the pack's name (packs of one order key are in an
 * order by chance, but always the same), then by the offset, up to a TiB. */
uint64_t source_pack_seq(const struct hash128 *name, uint64_t off);

/* The days' live indexes that the plan's time touches, and what they cover. ERR_NO: a file that was
 * listed is gone, plan again. */
MUST_CHECK int source_store(struct plan *p, struct store *s, struct covered *c,
			    enum if_missing missing, const struct source_opts *o, struct err *e);

/* One day of one of the plan's views alone, which is loaded already, or is loaded; what it covers
 * is added to *c, which is not sorted. */
struct view;
struct live;
MUST_CHECK int source_store_live(struct plan *p, struct store *s, const struct view *view,
				 int32_t day, struct live *live, struct covered *c,
				 enum if_missing missing, const struct source_opts *o,
				 struct err *e);
MUST_CHECK int source_store_day(struct plan *p, struct store *s, const struct view *view,
				int32_t day, struct covered *c, enum if_missing missing,
				const struct source_opts *o, struct err *e);

struct streams;
struct wal_list;
struct wal_segment;
/* Opens the segments of o->wal, and reports those that cannot be. Errors: ERR_IO: the folder, also
 * one that is not there, unless o->if_there. */
MUST_CHECK int source_wal_list(const struct source_opts *o, struct wal_list *ret, struct err *e);
struct wal_sum;
/* Calls each for every segment of a file (there is one, or what stands there is no file of the log)
 * with what it holds, by its sidecar or its heads. each may change the sum; its failure ends it.
 * What cannot be read is reported, and left out. */
typedef int source_wal_fn(void *data, const struct wal_segment *seg, struct wal_sum *sum,
			  struct err *e);
MUST_CHECK int source_wal_each(const struct wal_segment *seg, struct streams *streams,
			       const struct source_opts *o, source_wal_fn *each, void *data,
			       struct err *e);
/* Of what source_wal_each has found. */
MUST_CHECK int source_wal_add(struct plan *p, const struct wal_segment *seg, struct wal_sum *sum,
			      struct streams *streams, const struct covered *c,
			      const struct source_opts *o, struct err *e);
MUST_CHECK int source_wal(struct plan *p, const struct wal_segment *seg, struct streams *streams,
			  const struct covered *c, const struct source_opts *o, struct err *e);

/*
 * A segment that is being read while it grows, whoever finds its batches: a source of the plan, for
 * pieces of which .at is the offset of a batch, and .part the number of a stream in `streams`. seg
 * and streams outlive the plan's pieces of it.
 */
struct source *source_wal_growing(struct plan *p, const struct wal_segment *seg,
				  struct streams *streams);

/* Entries in memory, of JSON lines. {0} is a valid empty one. */
struct jsonl_data;
struct codec_stream;
/* start: what was read of the stream already. */
MUST_CHECK int jsonl_data_read(struct codec_stream *in, const char *name, struct bytes start,
			       const struct source_opts *o, struct jsonl_data **ret, struct err *e);
void jsonl_data_free(struct jsonl_data *d);
void source_jsonl(struct plan *p, struct jsonl_data *d, uint64_t seq);

#endif
