/*
 * How a query is answered, as a tree: for --explain (the plan, nothing is read but what planning
 * reads) and --analyze (it is run, and each node has what it cost). Who executes a part adds a node
 * for it and says there, in notes for people and in members for programs, what it does; a stage of
 * a pipeline does so by its own function (stage.h).
 *
 * Whoever has query_opts.explain set gets no answer with EXPLAIN_PLAN. A prompt that wants to
 * explain a query calls ask_explain (ask_explain.h).
 */
#ifndef QUERY_EXPLAIN_H
#define QUERY_EXPLAIN_H

#include "base/arena.h"
#include "base/buf.h"

enum explain_how { EXPLAIN_NOT, EXPLAIN_PLAN, EXPLAIN_ANALYZE };

struct explain_node {
	const char *kind; /* for programs: "stage" */
	struct buf title; /* mostly the part of the query */
	struct buf cost;  /* a few words, that stand right of the title */
	struct buf notes; /* one a line, each ended */
	struct buf json;  /* members, each with a comma in front */
	int64_t ns;	  /* EXPLAIN_ANALYZE: from its begin to its end, with its children */
	int64_t start_ns; /* of time_mono_ns */
	struct explain_node *up, *first, *last, *next;
};

struct explain {
	enum explain_how how;
	struct explain_node root;    /* of the whole; its children are printed */
	struct explain_node *at;     /* whose child a new node becomes */
	struct buf hints;	     /* what might be asked instead, one a line */
	uint64_t blocks, line_bytes; /* that all scans are to read */
	struct arena mem;
};

void explain_init(struct explain *x, enum explain_how how);
void explain_release(struct explain *x);

/* A child of x->at that is at hand until explain_end; its title is to be filled. kind: text that
 * lives for ever. */
struct explain_node *explain_begin(struct explain *x, const char *kind);
/* The node at hand is complete: the one above it is at hand again. */
void explain_end(struct explain *x);

/* A note; text from outside must have its control characters quoted. */
void explain_note(struct explain_node *n, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same for all of text. */
void explain_note_bytes(struct explain_node *n, struct bytes text);
/* Something better to ask, once. */
void explain_hint(struct explain *x, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Members of the node's JSON object. */
void explain_number(struct explain_node *n, const char *key, uint64_t value);
void explain_text(struct explain_node *n, const char *key, struct bytes text);
void explain_seconds(struct explain_node *n, const char *key, int64_t ns);

/* 1234567 as 1,234,567; 12.3 ms; 42% of all (0.4% below 10%, 99.9% rather than all). */
void explain_add_count(struct buf *b, uint64_t n);
void explain_add_time(struct buf *b, int64_t ns);
void explain_add_share(struct buf *b, double part, double all);

/* The tree in EXPLAIN_WIDTH columns, where its words allow; or one JSON object of it, on one line
 * that is not ended. */
enum { EXPLAIN_WIDTH = 80 };
void explain_print(const struct explain *x, struct buf *ret);
void explain_print_json(const struct explain *x, struct buf *ret);

#endif
