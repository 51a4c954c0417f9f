/* What all verbs of costrep have in common: where the answer goes and what it looks like. */
#ifndef COST_BASE_H
#define COST_BASE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/cli.h"

enum cost_format { COST_TEXT, COST_JSONL, COST_CSV, COST_HTML, COST_SVG, COST_PROM };

/* The first member of each verb's options. Strings are borrowed from argv. */
struct cost_base {
	enum cost_format format;
	const char *output; /* --output; stdout leads there while the verb runs */
	struct cli *cli;    /* for warnings and notes; set by the program, as now_ns */
	int64_t now_ns;
	/* Set by a verb that has something to do when the answer is where it goes, NULL else:
	 * called once, with what it began with; errors are reported. */
	void (*after)(struct cost_base *base);
};

/* Of an enum cost_format: text, jsonl or csv; these, html and svg; all. */
int cost_take_table_format(void *at, const char *value, struct err *e);
int cost_take_picture_format(void *at, const char *value, struct err *e);
int cost_take_format(void *at, const char *value, struct err *e);

/* Of a double: bytes of lines for each that is stored. */
int cost_take_ratio(void *at, const char *value, struct err *e);
/* A duration of 1s or more: an option whose field is an int64_t of nanoseconds. */
int cost_take_age(void *at, const char *value, struct err *e);

/* Rows of cli_taken for a verb whose options begin with a struct cost_base: -o, of the words that
 * `take` takes, and --output. */
#define COST_BASE_OPTIONS(words, take)                                                  \
	{ { 'o', "format", words, "how the answer is printed (text)" },                 \
	  take,                                                                         \
	  offsetof(struct cost_base, format) },                                         \
	{                                                                               \
		{ 0, "output", "FILE", "write the answer there, whole or not at all" }, \
			cli_take_text, offsetof(struct cost_base, output)               \
	}

#endif
