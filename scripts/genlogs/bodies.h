/* gen-logs bodies: what its files share; see bodies.c. */
#ifndef GENLOGS_BODIES_H
#define GENLOGS_BODIES_H

#include "gen.h"

enum {
	BODIES_PATHS = 16,    /* of the JSON services */
	BODIES_PAGES = 400,   /* of the web servers */
	BODIES_WINDOWS = 288, /* of five minutes, in 24 hours */
	BODIES_WINDOW_S = 300,
	BODIES_LEVELS = 4,
	BODIES_APPS_MAX = 32,
};

enum bodies_kind { BODIES_JSON, BODIES_LOGFMT, BODIES_NGINX, BODIES_TEMPLATES };

struct bodies_app {
	const char *name, *namespace, *container;
	enum bodies_kind kind;
	unsigned weight, pods;	      /* share of the bytes; pods of 600 streams */
	const char *const *templates; /* NULL at the end */
};
extern const struct bodies_app bodies_apps[];
extern const unsigned bodies_n_apps;
extern const char *const bodies_paths[BODIES_PATHS];
extern const char *const bodies_level_name[BODIES_LEVELS];

extern const char bodies_word[]; /* nine letters, inside of a longer token */
extern const char bodies_message[];

/* The line being made, and what truth is to know of it. */
struct bodies_line {
	struct world world; /* random numbers, traces, what is to be planted */
	const struct bodies_app *app;
	uint64_t ids;	    /* counts the ids that templates draw from */
	bool plant_message; /* into this line; then false */
	struct out text;
	unsigned level;	       /* 0 to 3; 0 where the app has no levels */
	unsigned status, path; /* of a JSON service's request; status 0: it is none */
	uint64_t duration_us;
	unsigned page; /* of a web server */
};

/* Makes a line of l->app at that time. */
void bodies_write_line(struct bodies_line *l, int64_t ts_ns);
uint64_t bodies_mean_bytes(const struct bodies_app *app); /* of its lines, about */

/* ---- truth ---- */

struct bodies_truth;

struct bodies_truth *bodies_truth_new(int64_t start_s);
/* Counts the line, of which l says what it is. needle is the trace id that is planted. */
void bodies_truth_add(struct bodies_truth *t, const struct bodies_line *l, int64_t ts_ns,
		      const char *needle);
/* The rest of the file: from the counts of the needle on. */
void bodies_truth_write(struct bodies_truth *t, struct out *o, const char *needle,
			const struct out *labels, size_t n_labels);

#endif
