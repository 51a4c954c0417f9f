/* Random data and random queries over it; and how the programs' own evaluator answers. */
#ifndef NAIVE_MAKE_H
#define NAIVE_MAKE_H

#include "naive.h"

/* A few streams, and up to n_max entries: JSON, logfmt, plain and packed lines, colours, odd bytes;
 * times that collide, repetitions. All lies in the arena. */
void nv_make_data(uint64_t *state, struct arena *a, size_t n_max, struct nv_data *ret);
/* The same entries as raw lines: of one stream without labels, no metadata, and each with its time
 * in its line. */
void nv_make_raw(const struct nv_data *data, struct arena *a, struct nv_data *ret);
/* The first and last time that data may have. */
void nv_data_bounds(int64_t *ret_from, int64_t *ret_to);

/* Appends a query that parses; and what else is asked. */
enum nv_query_kind { NV_QUERY_LOG, NV_QUERY_METRIC };
void nv_make_query(uint64_t *state, struct buf *out, enum nv_query_kind *ret_kind);
void nv_make_ask(uint64_t *state, enum nv_query_kind kind, struct nv_ask *ret);

/* Appends a template, without backticks; of the names that queries use one. */
void nv_make_template(uint64_t *state, struct buf *out);
const char *nv_pick_label(uint64_t *state);

/* Where an entry is written to: nv_entry.parts. */
enum { NV_PART_WAL = 1, NV_PART_PACK = 2, NV_PART_PACK_2 = 4, NV_PART_FILE = 8, NV_PARTS = 15 };

/* The data written by the public writers: each entry into its parts; and all of it into a WAL, and
 * into packs; and as raw lines, which is other data. */
enum nv_place { NV_MIXED, NV_WAL, NV_PACKS, NV_PLACES, NV_RAW = NV_PLACES };

struct nv_world {
	char *folder;
	struct buf store[NV_PLACES], wal[NV_PLACES], file, raw;
};

/* raw: of nv_make_raw. */
void nv_world_make(const struct nv_data *data, const struct nv_data *raw, struct nv_world *ret);
void nv_world_remove(struct nv_world *w);

/* What the programs answer. limit is applied. Of ask->tenants, "fake" when there are none. */
void nv_world_ask(const struct nv_world *w, enum nv_place place, const struct logql_query *q,
		  const struct nv_ask *ask, unsigned jobs, struct arena *a, struct nv_answer *ret,
		  struct err *ret_why);

/* Whether what was found is the naive answer, which is not unsure. */
bool nv_same_answer(const struct logql_query *q, const struct nv_ask *ask, enum nv_place place,
		    const struct nv_answer *want, const struct nv_answer *found);

/* How that world is read, for other questions; strings are the world's. */
struct source_opts;
struct source_opts nv_world_source(const struct nv_world *w, enum nv_place place,
				   const struct nv_ask *ask, char **files);

#endif
