/*
 * The tree of a LogQL query: what logql_parse() makes of a text, and what printer, linter and
 * planner read. The whole language is here, also what an executor may not do yet.
 *
 * Everything of one query (nodes, arrays, strings with their escapes undone) lies in the query's
 * arena and lives as long as it. Nothing points into the text that was parsed.
 *
 * What the parser has settled, so that a reader need not:
 *  - arithmetic and comparisons of two literals are folded ("1 + 2 * 3" is the literal 7);
 *  - a comparison in a label filter is LOGQL_EQ for "=" and "==" alike;
 *  - "by" and "without" stand in one place, wherever they were written;
 *  - every regex compiles;
 *  - paths of json and logfmt expressions, patterns and ip ranges are taken apart;
 *  - no node has a height over LOGQL_HEIGHT_MAX, so plain recursion over a tree is safe.
 */
#ifndef LOGQL_TREE_H
#define LOGQL_TREE_H

#include "base/arena.h"
#include "labels/matcher.h"

enum {
	LOGQL_TEXT_MAX = 128 << 10, /* bytes of a query; Loki's own limit */
	LOGQL_LEXEMES_MAX = 50000,
	LOGQL_HEIGHT_MAX = 1000,
};

/* Where something begins in the query's text. */
struct logql_pos {
	uint32_t off;  /* bytes, from 0 */
	uint32_t line; /* from 1 */
	uint32_t col;  /* characters (not bytes) of the line, from 1 */
};

/* Binary operators of metric expressions; the comparisons are those of label filters too. */
enum logql_op {
	LOGQL_OR,
	LOGQL_AND,
	LOGQL_UNLESS,
	LOGQL_EQ,
	LOGQL_NE,
	LOGQL_GT,
	LOGQL_GE,
	LOGQL_LT,
	LOGQL_LE,
	LOGQL_ADD,
	LOGQL_SUB,
	LOGQL_MUL,
	LOGQL_DIV,
	LOGQL_MOD,
	LOGQL_POW,
};

static inline bool logql_op_is_set(enum logql_op op)
{
	return op <= LOGQL_UNLESS;
}

static inline bool logql_op_is_cmp(enum logql_op op)
{
	return op >= LOGQL_EQ && op <= LOGQL_LE;
}

/* --- log expressions ------------------------------------------------------------------------- */

/* name op "value", in a selector, a label filter, drop or keep. A regex is anchored at both ends.
 */
struct logql_matcher {
	struct logql_pos pos;
	enum match_op op;
	unsigned how; /* REGEX_PCRE, or 0 */
	struct bytes name, value;
};

/* ip("..."): an address, a range a-b or a CIDR, as the bounds (both included) of one family. */
struct logql_ip {
	struct bytes text;
	unsigned addr_len; /* 4 or 16 */
	unsigned char first[16], last[16];
};

/* One piece of a pattern: literal text, or a capture. */
struct logql_pattern_part {
	bool capture;
	struct bytes text; /* the literal; or the capture's name, empty for <_> */
};

/* `<ip> - <_> "<method>`: never two captures side by side, no name twice. */
struct logql_pattern {
	struct bytes text;
	size_t n_parts;
	struct logql_pattern_part *parts;
};

enum logql_line_op {
	LOGQL_LINE_HAS,	       /* |= */
	LOGQL_LINE_HAS_NOT,    /* != */
	LOGQL_LINE_RE,	       /* |~ */
	LOGQL_LINE_NOT_RE,     /* !~ */
	LOGQL_LINE_PATTERN,    /* |> */
	LOGQL_LINE_NOT_PATTERN /* !> */
};

/* One alternative of a line filter. */
struct logql_line_alt {
	struct logql_pos pos;
	struct bytes text;	       /* literal, regex (unanchored) or pattern; that of ip */
	struct logql_ip *ip;	       /* for ip("..."), else NULL; only with |= and != */
	struct logql_pattern *pattern; /* for |> and !>, else NULL; its captures have no names */
};

/* |= "a" or "b": a line fits when any alternative fits; the negated operators take the lines
 * that fit none. */
struct logql_line_filter {
	enum logql_line_op op;
	unsigned how;  /* REGEX_PCRE, or 0: of all alternatives */
	size_t n_alts; /* at least 1 */
	struct logql_line_alt *alts;
};

/* One step into a JSON value, or the only step of a logfmt path: a field's name or an index. */
struct logql_step {
	bool is_index;
	struct bytes field;
	uint64_t index;
};

/* a="b.c[0]" of `| json` and `| logfmt`; plain `a` is a="a". */
struct logql_extract {
	struct logql_pos pos;
	struct bytes label;
	struct bytes expr; /* as written */
	size_t n_steps;	   /* at least 1; exactly 1, a field, for logfmt */
	struct logql_step *steps;
};

enum logql_filter_kind {
	LOGQL_FILTER_MATCH,    /* name op "text" */
	LOGQL_FILTER_NUMBER,   /* name op 1.5 */
	LOGQL_FILTER_DURATION, /* name op 1m30s */
	LOGQL_FILTER_BYTES,    /* name op 5KiB */
	LOGQL_FILTER_IP,       /* name = ip("..."), name != ip("...") */
	LOGQL_FILTER_AND,      /* "and", a comma, or nothing between */
	LOGQL_FILTER_OR,
};

struct logql_filter {
	enum logql_filter_kind kind;
	unsigned height;
	struct logql_pos pos;
	union {
		struct logql_matcher match; /* MATCH */
		struct {		    /* NUMBER, DURATION, BYTES, IP */
			struct bytes name;
			enum logql_op op; /* a comparison; EQ or NE for IP */
			union {
				double number;
				int64_t duration_ns;
				uint64_t bytes;
				struct logql_ip *ip;
			};
		} cmp;
		struct { /* AND, OR */
			struct logql_filter *left, *right;
		} both;
	};
};

/* One part of label_format: dst=src, or dst="template". */
struct logql_format {
	struct logql_pos pos;
	struct bytes dst;
	bool is_rename;
	struct bytes src; /* the label's name, or the template's text */
};

/* One operand of drop and keep: a name, or a matcher. */
struct logql_pick {
	bool has_matcher;
	struct logql_matcher matcher; /* without one only pos and name are set */
};

enum logql_stage_kind {
	LOGQL_LINE_FILTER,
	LOGQL_JSON,
	LOGQL_LOGFMT,
	LOGQL_REGEXP,
	LOGQL_PATTERN,
	LOGQL_UNPACK,
	LOGQL_LABEL_FILTER,
	LOGQL_LINE_FORMAT,
	LOGQL_LABEL_FORMAT,
	LOGQL_DECOLORIZE,
	LOGQL_DROP,
	LOGQL_KEEP,
};

struct logql_stage {
	enum logql_stage_kind kind;
	struct logql_pos pos; /* of the | or of the line filter's operator */
	union {
		struct logql_line_filter line_filter;
		struct {		 /* JSON, LOGFMT; without extracts all fields are taken */
			bool strict;	 /* logfmt --strict */
			bool keep_empty; /* logfmt --keep-empty */
			size_t n;
			struct logql_extract *v;
		} extract;
		struct {
			struct bytes text; /* has at least one named group, no name twice */
			unsigned how;	   /* REGEX_PCRE, or 0 */
		} regexp;
		struct logql_pattern *pattern;
		struct logql_filter *filter;
		struct bytes line_format; /* the template's text */
		struct {
			size_t n; /* at least 1; no dst twice; they apply one after the other */
			struct logql_format *v;
		} label_format;
		struct {	  /* DROP, KEEP */
			size_t n; /* at least 1 */
			struct logql_pick *v;
		} pick;
	};
};

/* {a="b"} | stage ... */
struct logql_log {
	struct logql_pos pos;
	size_t n_matchers; /* 0 only with LOGQL_ANY_SELECTOR */
	struct logql_matcher *matchers;
	size_t n_stages;
	struct logql_stage *stages;
};

/* --- metric expressions ---------------------------------------------------------------------- */

enum logql_conv {
	LOGQL_CONV_NONE,
	LOGQL_CONV_BYTES,
	LOGQL_CONV_DURATION, /* duration and duration_seconds are the same, printed as written */
	LOGQL_CONV_DURATION_SECONDS,
};

/* | unwrap conv(label) | filter ... */
struct logql_unwrap {
	struct logql_pos pos;
	enum logql_conv conv;
	struct bytes label;
	size_t n_filters; /* each must hold, after the conversion */
	struct logql_filter **filters;
};

/* {..} | stages | unwrap x [5m] offset 1h, in whichever order it was written. */
struct logql_range {
	struct logql_pos pos;
	struct logql_log *log;
	struct logql_unwrap *unwrap; /* NULL without */
	int64_t range_ns;	     /* 0 or more, whole ms */
	int64_t offset_ns;	     /* may be negative */
};

enum logql_group { LOGQL_GROUP_NONE, LOGQL_GROUP_BY, LOGQL_GROUP_WITHOUT };

struct logql_grouping {
	enum logql_group kind;
	size_t n; /* 0 also with BY and WITHOUT: by () */
	struct bytes *labels;
};

enum logql_range_op {
	LOGQL_COUNT_OVER_TIME, /* these five without unwrap; rate and absent with it too */
	LOGQL_RATE,
	LOGQL_BYTES_OVER_TIME,
	LOGQL_BYTES_RATE,
	LOGQL_ABSENT_OVER_TIME,
	LOGQL_RATE_COUNTER, /* all from here only with unwrap */
	LOGQL_SUM_OVER_TIME,
	LOGQL_AVG_OVER_TIME, /* this and all below may be grouped */
	LOGQL_MIN_OVER_TIME,
	LOGQL_MAX_OVER_TIME,
	LOGQL_STDVAR_OVER_TIME,
	LOGQL_STDDEV_OVER_TIME,
	LOGQL_QUANTILE_OVER_TIME, /* has a parameter, 0 or more */
	LOGQL_FIRST_OVER_TIME,
	LOGQL_LAST_OVER_TIME,
};

enum logql_vector_op {
	LOGQL_SUM,
	LOGQL_AVG,
	LOGQL_MIN,
	LOGQL_MAX,
	LOGQL_COUNT,
	LOGQL_STDDEV,
	LOGQL_STDVAR,
	LOGQL_TOPK, /* these three have a parameter, at least 1 */
	LOGQL_BOTTOMK,
	LOGQL_APPROX_TOPK, /* never grouped */
	LOGQL_SORT,	   /* these two are never grouped */
	LOGQL_SORT_DESC,
};

enum logql_match_on { LOGQL_MATCH_ALL, LOGQL_MATCH_ON, LOGQL_MATCH_IGNORING };
enum logql_card { LOGQL_ONE_TO_ONE, LOGQL_GROUP_LEFT, LOGQL_GROUP_RIGHT };

/* Which elements of the two sides belong together. */
struct logql_matching {
	enum logql_match_on on;
	size_t n; /* labels of on or ignoring; 0 too: on () */
	struct bytes *labels;
	enum logql_card card;
	size_t n_include; /* labels of group_left or group_right */
	struct bytes *include;
};

enum logql_expr_kind {
	LOGQL_LOG, /* only as root */
	LOGQL_RANGE_AGG,
	LOGQL_VECTOR_AGG,
	LOGQL_BINARY,
	LOGQL_LITERAL,
	LOGQL_VECTOR,
	LOGQL_LABEL_REPLACE,
	LOGQL_VARIANTS, /* as root or operand, with LOGQL_ALLOW_VARIANTS */
};

struct logql_expr {
	enum logql_expr_kind kind;
	unsigned height;
	struct logql_pos pos; /* of its first lexeme; of the operator for BINARY */
	union {
		struct logql_log *log;
		struct {
			enum logql_range_op op;
			double param; /* QUANTILE_OVER_TIME */
			struct logql_range *range;
			struct logql_grouping grouping;
		} range_agg;
		struct {
			enum logql_vector_op op;
			int64_t param; /* TOPK, BOTTOMK, APPROX_TOPK */
			struct logql_expr *arg;
			struct logql_grouping grouping;
		} vector_agg;
		struct {
			enum logql_op op;
			bool return_bool;
			struct logql_expr *left, *right; /* not both literals */
			struct logql_matching matching;
		} binary;
		double number; /* LITERAL, VECTOR */
		struct {
			struct logql_expr *arg;
			struct bytes dst, replacement, src, regex;
			unsigned how; /* REGEX_PCRE, or 0 */
		} label_replace;
		struct { /* variants(a, b) of (range): each is computed over the same lines */
			size_t n;
			struct logql_expr **v;
			struct logql_range *range;
		} variants;
	};
};

struct logql_query {
	struct arena arena;
	struct logql_expr *root;
};

void logql_query_release(struct logql_query *q);

static inline bool logql_is_log(const struct logql_query *q)
{
	return q->root->kind == LOGQL_LOG;
}

/* How closely an operator binds: from 1, or, to 6, ^, the only one that binds to its right. */
int logql_op_binds(enum logql_op op);
/* a op b, as Loki has it: a comparison is 1 or 0, what is divided by zero is no number. NAN for a
 * set operator. */
double logql_op_apply(enum logql_op op, double a, double b);

/* The words of the language, for messages. Valid for ever. */
const char *logql_op_name(enum logql_op op);		   /* "and", ">=" */
const char *logql_line_op_name(enum logql_line_op op);	   /* "|=" */
const char *logql_stage_name(enum logql_stage_kind kind);  /* "json", "line filter" */
const char *logql_range_op_name(enum logql_range_op op);   /* "count_over_time" */
const char *logql_vector_op_name(enum logql_vector_op op); /* "topk" */
const char *logql_conv_name(enum logql_conv conv);	   /* "bytes"; "" for NONE */
const char *logql_match_op_name(enum match_op op);	   /* "=~" */

/* True when a and b mean the same: all but the positions is compared. NaN equals NaN. */
bool logql_expr_eq(const struct logql_expr *a, const struct logql_expr *b);

#endif
