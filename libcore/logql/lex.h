/*
 * Lexemes of LogQL. The words follow what Loki's lexer does, seen from outside: a function's name
 * is one only before ( or before by/without (, keywords have any case, two-character operators and
 * everything between [ and ] are one lexeme, # and Go's comments are skipped.
 */
#ifndef LOGQL_LEX_H
#define LOGQL_LEX_H

#include "logql/tree.h"

enum lex_kind {
	LEX_ERROR, /* lexer.error says why; nothing takes it, so the parser stops there */
	LEX_END,
	LEX_IDENT,
	LEX_OTHER, /* a character that nothing uses; Loki names it an identifier */
	LEX_STRING,
	LEX_NUMBER,
	LEX_DURATION,
	LEX_BYTES,
	LEX_RANGE, /* [5m] */
	LEX_FLAG,  /* --strict: value 0; --keep-empty: value 1 */

	LEX_OPEN_BRACE,
	LEX_CLOSE_BRACE,
	LEX_OPEN,
	LEX_CLOSE,
	LEX_COMMA,
	LEX_DOT,
	LEX_PIPE,
	LEX_ASSIGN, /* = */
	LEX_EQ,	    /* == */
	LEX_NE,
	LEX_RE,
	LEX_NRE,
	LEX_GT,
	LEX_GE,
	LEX_LT,
	LEX_LE,
	LEX_PIPE_EXACT,	  /* |= */
	LEX_PIPE_RE,	  /* |~ */
	LEX_PIPE_PATTERN, /* |> */
	LEX_NOT_PATTERN,  /* !> */
	LEX_ADD,
	LEX_SUB,
	LEX_MUL,
	LEX_DIV,
	LEX_MOD,
	LEX_POW,

	LEX_OR,
	LEX_AND,
	LEX_UNLESS,
	LEX_BOOL,
	LEX_ON,
	LEX_IGNORING,
	LEX_GROUP_LEFT,
	LEX_GROUP_RIGHT,
	LEX_BY,
	LEX_WITHOUT,
	LEX_OFFSET,
	LEX_JSON,
	LEX_LOGFMT,
	LEX_REGEXP,
	LEX_PATTERN,
	LEX_UNPACK,
	LEX_UNWRAP,
	LEX_LINE_FORMAT,
	LEX_LABEL_FORMAT,
	LEX_DECOLORIZE,
	LEX_DROP,
	LEX_KEEP,

	/* functions */
	LEX_IP,
	LEX_CONV,      /* value: enum logql_conv */
	LEX_RANGE_OP,  /* value: enum logql_range_op */
	LEX_VECTOR_OP, /* value: enum logql_vector_op */
	LEX_LABEL_REPLACE,
	LEX_VECTOR,
	LEX_VARIANTS,
};

struct lexeme {
	enum lex_kind kind;
	int value;	   /* as its kind says */
	struct bytes text; /* as it stands in the query; borrowed from there */
	struct bytes str;  /* STRING: without quotes and escapes; in the arena */
	int64_t ns;	   /* DURATION, RANGE */
	uint64_t n_bytes;  /* BYTES */
	struct logql_pos pos;
	bool is_long; /* Loki gives line 0 for these in its messages */
};

struct lexer {
	struct bytes text;
	size_t at;
	uint32_t line, col; /* of at */
	struct arena *arena;
	unsigned flags; /* of enum logql_flags */
	size_t n_lexemes;
	struct lexeme cur;
	bool open; /* LEX_ERROR of a string or comment that lines to come may end */
	char error[160];
};

/* Starts at the first lexeme of text, which is at most LOGQL_TEXT_MAX bytes of any kind. */
void lex_init(struct lexer *l, struct bytes text, struct arena *arena, unsigned flags);

/* Moves on: l->cur becomes the next lexeme. At LEX_END and LEX_ERROR it stays. */
void lex_next(struct lexer *l);

/* How Loki names a lexeme in "unexpected ...": IDENTIFIER, $end, {, json, RATE. */
void lex_add_name(struct buf *b, const struct lexeme *x);

/* The i-th keyword or function (from 0) of those kinds, both included; NULL behind the last. */
const char *lex_word(enum lex_kind first, enum lex_kind last, size_t i);

/* The stage whose name is most like a misspelt one, or NULL when none is. */
const char *lex_stage_like(struct bytes word);

#endif
