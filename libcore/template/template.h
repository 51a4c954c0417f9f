/*
 * Templates of line_format and label_format: the language of Go's text/template with the functions
 * that Loki gives it (logql-template(7)). A template is parsed once and executed per entry.
 *
 * Execution is bounded, so that no template can hang or eat memory: see the limits below. What
 * exceeds one fails like any other error of execution.
 */
#ifndef TEMPLATE_TEMPLATE_H
#define TEMPLATE_TEMPLATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum {
	TEMPLATE_TEXT_MAX = 1 << 20,
	TEMPLATE_NESTING_MAX = 200,	/* parentheses, if, range, with inside one another */
	TEMPLATE_DEPTH_MAX = 100,	/* {{template}} inside one another while executing */
	TEMPLATE_STEPS_MAX = 100000,	/* nodes evaluated for one entry */
	TEMPLATE_OUTPUT_MAX = 4 << 20,	/* bytes of what one entry becomes, or of one string */
	TEMPLATE_MEMORY_MAX = 32 << 20, /* bytes of all values made for one entry */
};

struct template;

/*
 * name is what messages call it: "line" or "label". The text is copied. NULL on error.
 *
 * Errors: ERR_QUERY, as Go words it: "template: line:1: unclosed action".
 */
struct template *template_parse(struct bytes name, struct bytes text, struct err *e);
void template_free(struct template *t);

/* The distinct names of all fields (.a.b has two) in the order in which they appear. */
size_t template_n_names(const struct template *t);
struct bytes template_name(const struct template *t, size_t i);

/* Whether __line__, and __timestamp__, are called somewhere. */
bool template_uses_line(const struct template *t);
bool template_uses_time(const struct template *t);

struct template_label {
	struct bytes name, value;
};

/* What one entry has. All bytes must stay valid during template_execute. */
struct template_entry {
	struct bytes line;
	int64_t ts_ns;
	void *ctx;
	/* The label called template_name(i); empty when there is none. */
	struct bytes (*label)(void *ctx, size_t i);
	/* All labels, in no order, in memory of mem; the number of them. */
	size_t (*labels)(void *ctx, struct arena *mem, struct template_label **ret);
};

/* What executing needs and keeps from one entry to the next: for one thread, for any templates. */
struct template_run;
struct template_run *template_run_new(void);
void template_run_free(struct template_run *r);

/*
 * 0: *ret is the output. -1: *ret is the message, as Go words it. Either is valid until the next
 * call with this run.
 */
MUST_CHECK int template_execute(const struct template *t, struct template_run *r,
				const struct template_entry *entry, struct bytes *ret);

#endif
