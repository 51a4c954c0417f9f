/*
 * The stages of a pipeline, and how to add one:
 *
 *   1. stage_NAME.c with bind (once per query: takes the tree apart, numbers the names, compiles),
 *      apply (per block, on any thread: shortens the selection, sets lines and labels; it may
 *      change nothing in the stage) and release;
 *   2. its ops in the table of stage.c, declared below;
 *   3. the names it reads, told to the parsers by stage_reads in bind;
 *   4. explain, where its text does not say what --explain should: what is left out, what is
 *      searched for first;
 *   5. logql(7), and tests/logql/NAME.test with a match, a miss, malformed input and a syntax
 * error.
 *
 * A stage is applied to a whole block at once. It loads the columns it needs with block_need.
 */
#ifndef QUERY_STAGE_H
#define QUERY_STAGE_H

#include "logql/tree.h"
#include "query/block.h"

struct explain_node;
struct shape_parser;
struct filter;
struct stage;
struct pipeline;

/* What a parser need not do, since nobody would see it: Loki leaves it out too, and with it the
 * errors of what it did not look at, so this is part of the language. */
struct hints {
	bool no_labels;	    /* no label is looked at behind the parsers */
	uint32_t *required; /* only these are; NULL = all */
	size_t n_required;
	bool preserve_error; /* __error__ is asked for */
	struct hint_filter { /* label filters of one label: a line that fails is dropped at once */
		uint32_t name;
		const struct filter *f;
	} * filters;
	size_t n_filters;
};

struct stage_ops {
	int (*bind)(struct pipeline *p, struct stage *s, const struct logql_stage *tree,
		    struct err *e);
	int (*apply)(const struct stage *s, struct block *b, struct err *e);
	void (*release)(struct stage *s); /* may be NULL */
	/* Notes on how this very stage goes about it. NULL: its text says it all. */
	void (*explain)(const struct stage *s, struct explain_node *n);
	/* Of a parser: how it reads lines that are taken apart, or NULL. */
	const struct shape_parser *(*shapes)(const struct stage *s);
};

struct stage {
	const struct stage_ops *ops;
	const struct pipeline *pipeline;
	const struct logql_stage *tree;
	void *state; /* the stage's own; in the pipeline's arena */
};

/* What a metric query takes its values from. */
struct unwrap {
	uint32_t name;
	enum logql_conv conv;
	struct filter **filters; /* that hold after the conversion */
	size_t n_filters;
	struct unwrap *next; /* of the pipeline's */
};

struct pipeline {
	struct arena mem;
	struct names names; /* numbers of the query's names; threads copy it */
	struct stage *stage;
	size_t n_stages;
	struct unwrap *unwrap; /* the one that it was bound with, or NULL; then the added ones */
	struct hints hints;
	uint32_t *reads; /* names that stages need to be extracted */
	size_t n_reads, cap_reads;
	bool needs_lines;   /* some stage looks at lines */
	bool takes_columns; /* who comes behind the stages looks at b->columns */
	size_t n_dropping;  /* stages from this one on keep every entry */
};

/* How the answer groups entries; decides what parsers leave out. */
struct grouping {
	enum { GROUP_ALL, GROUP_BY, GROUP_WITHOUT } kind;
	size_t n;
	const struct bytes *labels;
	bool ignores_lines; /* the answer does not depend on what lines become */
	bool streams_only;  /* labels of entries do not group them */
};

/*
 * Binds the stages of `log`, and unwrap (may be NULL), for entries that are grouped so. The tree
 * must outlive the pipeline. Errors: ERR_QUERY with position: a regex or template that is wrong.
 */
MUST_CHECK int pipeline_bind(struct pipeline *p, const struct logql_log *log,
			     const struct logql_unwrap *unwrap, const struct grouping *group,
			     struct err *e);
void pipeline_release(struct pipeline *p);

/* One more, of a metric that takes its values from what a pipeline without any gives; freed with
 * the pipeline. Before its names are copied. Errors: ERR_QUERY with position. */
MUST_CHECK int pipeline_add_unwrap(struct pipeline *p, const struct logql_unwrap *tree,
				   struct unwrap **ret, struct err *e);

/* Runs all stages over the block, until nothing is left. Errors: those of loading. */
MUST_CHECK int pipeline_apply(const struct pipeline *p, struct block *b, struct err *e);
/* Likewise those from `first` on, before `end`. */
MUST_CHECK int pipeline_apply_part(const struct pipeline *p, size_t first, size_t end,
				   struct block *b, struct err *e);

/* The value of entry i, when it has one that the filters let through; a value that cannot be read
 * is 0, and sets the error label. Needs block_need_labels. */
bool unwrap_value(const struct pipeline *p, const struct unwrap *u, struct block *b, uint32_t i,
		  double *ret);
/* The number that it takes a text for; false: it is none. */
bool unwrap_convert(const struct unwrap *u, struct bytes text, double *ret);

/* For bind: this stage reads the label. */
void stage_reads(struct pipeline *p, uint32_t name);

/* For parsers: whether to take a label; whether all that is needed is there; and whether the line
 * goes on being parsed after `name` was set (false: a filter has refused it, it is out). */
bool hints_want(const struct hints *h, uint32_t name);
bool hints_all_found(const struct hints *h, const struct block *b, uint32_t i);
bool hints_go_on(const struct hints *h, struct block *b, uint32_t i, uint32_t name);
/* The filter that hints_go_on would ask; NULL: none. */
const struct filter *hints_filter(const struct hints *h, uint32_t name);

/* The apply of a parser: loads lines and labels, and calls extract for each selected entry that
 * still lacks something; where it gives false, the entry is out. */
typedef bool stage_extract_fn(const struct stage *s, struct block *b, uint32_t i);
MUST_CHECK int stage_extract(const struct stage *s, struct block *b, stage_extract_fn *extract,
			     struct err *e);

/* The explain of a parser: which fields it takes. Of one with expressions, nothing. */
void stage_explain_fields(const struct stage *s, struct explain_node *n);

/* A name as a label name: blanks at the ends cut, each character that cannot be in one becomes
 * '_', a digit in front gets one. Appends to out; empty when nothing is left. */
void stage_sanitize(struct buf *out, struct bytes key);

extern const struct stage_ops stage_line_filter, stage_json, stage_logfmt, stage_label_filter,
	stage_line_format, stage_label_format, stage_drop, stage_keep, stage_decolorize,
	stage_pattern, stage_unpack, stage_regexp;

/* Adds to ask what values it says that entries must have, of labels whose names are given to name.
 */
struct bloom_ask;
typedef void stage_name_fn(void *data, struct bytes name);
void stage_label_filter_needs(const struct stage *s, struct bloom_ask *ask, stage_name_fn *name,
			      void *data);

/* Label filters, which drop, keep and unwrap use too. */
MUST_CHECK int filter_bind(struct pipeline *p, const struct logql_filter *tree, struct filter **ret,
			   struct err *e);
void filter_release(struct filter *f);
/* Whether entry i stays; may set its error label. Needs block_need_labels. */
bool filter_eval(const struct filter *f, struct block *b, uint32_t i);
/* What it says of a value of the one name that it reads; with FILTER_ERROR it would set the error
 * label. *gave_up is set when a regex had to be given up. */
enum filter_says { FILTER_NO, FILTER_YES, FILTER_ERROR };
enum filter_says filter_ask(const struct filter *f, struct bytes value, struct err *gave_up);
/* Of one name: whether it keeps an entry that has no such label. */
bool filter_keeps_without(const struct filter *f, struct err *gave_up);
/* Of one name: whether it lets through what has an error, which filter_ask does not know of. */
bool filter_looks_at_errors(const struct filter *f);
/* The one name that it reads, or false when there are several. */
bool filter_one_name(const struct filter *f, uint32_t *ret);

#endif
