/*
 * gen-logs: seeded logs that look like those of real systems.
 *
 * The same arguments give the same bytes on every machine: all arithmetic is on integers, and
 * nothing asks the clock, the locale or the C library's random numbers. It stands apart from
 * libcore, so that the data which tests the programs does not come from their own code.
 */
#ifndef GENLOGS_GEN_H
#define GENLOGS_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_S 1000000000LL

/* ---- rnd.c: random numbers ---- */

struct rnd {
	uint64_t state;
};

uint64_t rnd_next(struct rnd *r);
uint64_t rnd_below(struct rnd *r, uint64_t n);	    /* even over [0, n) */
bool rnd_chance(struct rnd *r, unsigned per_mille); /* true that often in 1000 */
uint64_t rnd_rank(struct rnd *r, uint64_t n);	    /* [0, n), small ones far more often */
uint64_t rnd_spread(struct rnd *r, uint64_t median,
		    unsigned halves);		/* skewed, as times and sizes are */
uint64_t rnd_gap(struct rnd *r, uint64_t mean); /* exponential, as arrivals are */
uint64_t hash64(uint64_t v);			/* a fixed scramble: an id's stable look */

/* ---- out.c: text ---- */

struct out {
	char *p;
	size_t n, cap;
};

_Noreturn void die(const char *what); /* with errno's text */
void *need(size_t n);		      /* zeroed memory, or the end */
void out_room(struct out *o, size_t n);
void out_uint(struct out *o, uint64_t v);
void out_pad(struct out *o, uint64_t v, unsigned width); /* zeros in front */
void out_frac(struct out *o, uint64_t thousandths);	 /* 1234 gives 1.234 */
void out_hex(struct out *o, uint64_t v, unsigned digits);
void out_ip(struct out *o, uint64_t host);
void out_json(struct out *o, const char *s, size_t n); /* escaped, without quotes */
void out_varint(struct out *o, uint64_t v);	       /* as protobuf and snappy have it */
void out_save(const struct out *o, const char *dir, const char *name);
void out_dir(const char *path);			   /* makes it, unless it is there */
FILE *out_open(const char *dir, const char *name); /* makes the folder too */

static inline void out_mem(struct out *o, const char *s, size_t n)
{
	if (o->cap - o->n < n)
		out_room(o, n);
	memcpy(o->p + o->n, s, n);
	o->n += n;
}

static inline void out_str(struct out *o, const char *s)
{
	out_mem(o, s, strlen(s));
}

/* One call for a row of texts, NULL at the end. */
void out_strs(struct out *o, ...) __attribute__((sentinel));

enum time_style {
	TIME_ISO_MS, /* 2025-10-14T09:20:01.123Z */
	TIME_ISO_NS, /* 2025-10-14T09:20:01.123456789Z */
	TIME_NGINX,  /* 14/Oct/2025:09:20:01 +0000 */
	TIME_JAVA,   /* 2025-10-14 09:20:01,123 */
	TIME_SYSLOG, /* Oct 14 09:20:01, the day in two columns */
};
void out_time(struct out *o, enum time_style style, int64_t ts_ns);

/* ---- snappy.c ---- */

void snappy_pack(struct out *o, const char *p, size_t n); /* appends p as a block of snappy's */

/* ---- lines.c: one line of a running system, for data of any size ---- */

enum level { LEVEL_NONE, LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARN, LEVEL_ERROR, LEVEL_COUNT };
extern const char *const level_name[LEVEL_COUNT];

enum kind { KIND_JSON, KIND_LOGFMT, KIND_NGINX, KIND_JAVA };

struct app {
	const char *name, *namespace, *container;
	enum kind kind;
	unsigned weight;
};
extern const struct app apps[];
extern const unsigned n_apps;

enum { N_TRACES = 512 };

/* What the lines of one run have in common. */
struct world {
	struct rnd rnd;
	uint64_t traces[N_TRACES]; /* requests under way, seeds of their trace ids */
	unsigned next_trace;
	uint64_t trace;		/* of the request that lines are written for now */
	const char *plant_word; /* to go into the next line that can carry it; then NULL */
	const char *plant_trace;
	unsigned frames_left; /* of the stack trace being written */
	unsigned status;      /* of the line just made, 0 = it has none */
	enum level level;
};

/* The lines that follow belong to another request, new or under way elsewhere. */
void line_begin_request(struct world *w);

/* Writes a line of app without newline to o. */
void line_write(struct world *w, const struct app *app, int64_t ts_ns, struct out *o);

/* What requests have in any format. */
void line_put_trace(struct world *w, struct out *o);
void line_put_route(struct world *w, struct out *o);
unsigned line_draw_status(struct world *w); /* sets w->status and w->level */
const char *line_method(struct world *w);

/* ---- the modes ---- */

struct data_args {
	const char *dir;
	uint64_t bytes, streams, seed;
	int64_t end_s; /* the window's end, Unix seconds */
};
void data_make(const struct data_args *args);
/* How far the 24 hours have got when `done` of all bytes are written, in ns. */
int64_t data_day_ns(uint64_t done, uint64_t all);
void streams_make(const char *dir, uint64_t n_streams, uint64_t lines_each);
void samples_make(const char *dir);
void outage_make(const char *dir);

struct requests_args {
	enum { REQUESTS_JSON, REQUESTS_LOGFMT } format;
	const char *dir;
	uint64_t bytes, streams, seed;
	int64_t end_s;
};
void requests_make(const struct requests_args *args);

struct bodies_args {
	const char *dir;
	uint64_t bytes, streams, seed;
	int64_t end_s;
};
void bodies_make(const struct bodies_args *args);

#endif
