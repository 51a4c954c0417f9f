/*
 * What stages work on: a block of entries of one stream, which of them are still in, their
 * lines, and the labels of each.
 *
 * Nothing is copied or computed before a stage asks for it: columns are loaded by block_need, lines
 * stay where they lie until a stage replaces one, and entries have label lists of their own only
 * from block_need_labels on. What stages make (values, new lines) lies in the block's arena, which
 * is emptied for the next block: nothing is allocated per entry.
 *
 * A block and all it points to belong to one thread.
 */
#ifndef QUERY_BLOCK_H
#define QUERY_BLOCK_H

#include "base/map.h"
#include "entry/columns.h"
#include "labels/labels.h"

/* Label names as numbers. The first ones are the same in every table. */
enum {
	NAME_ERROR,
	NAME_ERROR_DETAILS,
	NAME_PRESERVE_ERROR,
	/* Fields of a line that are called as the first two. They are shown under these names, but
	 * are no errors. */
	NAME_FIELD_ERROR,
	NAME_FIELD_ERROR_DETAILS,
};

/* The number of a field's label. */
static inline uint32_t name_of_field(uint32_t name)
{
	return name <= NAME_ERROR_DETAILS ? name + NAME_FIELD_ERROR : name;
}

struct names {
	struct arena text;
	struct bytes *v;
	size_t n, cap;
	struct map map;
};

void names_init(struct names *t);
void names_release(struct names *t);
/* The number of a name; new names are copied. */
uint32_t names_id(struct names *t, struct bytes name);
/* That of name with "_extracted" behind: what a parsed label is called that clashes with a stream
 * label. */
uint32_t names_extracted(struct names *t, uint32_t name);
/* t becomes a copy of from: numbers given before mean the same in both. */
void names_copy(struct names *t, const struct names *from);

/*
 * Where a label comes from decides who wins (parsed over metadata over stream) and where answers
 * show it. LABEL_GONE hides a label of the stream that was dropped or renamed.
 */
enum label_kind { LABEL_STREAM, LABEL_META, LABEL_PARSED, LABEL_GONE };

struct elabel {
	struct bytes value;
	uint32_t name;
	uint32_t kind : 2;
	uint32_t origin : 30; /* of a parsed one: which key of which stage; 0 any */
};

/* What one entry has besides its stream's labels. cap 0: v is shared, and copied when written to.
 */
struct elabels {
	struct elabel *v;
	uint32_t n, cap;
};

/* A stream as this thread sees it: its labels and their names' numbers. */
struct base_labels {
	const struct labels *labels;
	uint32_t *name; /* labels->n of them */
	size_t cap;
};

struct block;
struct shape_reader;
struct keys;
struct shape_reading;
struct line_fields;
struct probe;
struct template_run;
typedef int block_load_fn(struct block *b, unsigned want, struct err *e);

struct block {
	struct run run;			   /* columns that are loaded; .n counts always */
	unsigned have;			   /* WANT_* of them */
	struct shape_reader *shapes;	   /* with WANT_SHAPES: the lines, taken apart; or NULL */
	uint64_t shapes_off, shapes_block; /* where: in the file, and of the blocks of the chunk */
	block_load_fn *load;		   /* gets further ones */
	void *source;			   /* load's own */

	/* Which entries are in: first .. first + n_sel - 1 as long as sel_list is false, else those
	 * of sel[]. */
	bool sel_list;
	uint32_t first;
	size_t n_sel;
	uint32_t *sel;
	size_t cap_sel;

	uint64_t settled; /* bit k: the stage k, a label filter, lets pass all that is in */

	struct bytes *line; /* by entry; NULL as long as no stage replaced one */
	struct elabels *el; /* by entry; NULL as long as no stage asked */
	/* Entries have labels, which are in columns, and are made by block_need_labels; .el is
	 * NULL. NULL: no. */
	struct shape_reading *columns;
	struct base_labels base;
	uint32_t stream; /* number of it: another one, another number */
	uint32_t serial; /* of the block, of those of its thread, from 1 */
	struct names *names;
	struct keys *keys;	     /* of the parsers: keys.h */
	struct line_fields **fields; /* by stage, of fast parsers: fields.h; or NULL */
	const void *prepared;	     /* by the parser that is applied, for each entry's turn */
	size_t n_fields;
	struct template_run *template_run; /* NULL as long as no template was executed */
	struct arena mem;
	struct buf scratch;
	struct probe *probe; /* counts what stages do; NULL: nobody wants to know */
	struct err gave_up;  /* a regex that a stage had to give up; ERR_NONE without */
};

void block_release(struct block *b);
/* Makes it empty for a run of the stream whose labels are given; they must outlive the block's use.
 */
void block_reset(struct block *b, const struct labels *stream);
/* All n entries of the run are in. */
void block_select_all(struct block *b);

/* Loads columns that are not there yet. */
static inline MUST_CHECK int block_need(struct block *b, unsigned want, struct err *e)
{
	return (b->have & want) == want ? 0 : b->load(b, want & ~b->have, e);
}

/* Loads the lines of n of the entries, ascending, to be looked at with run_line: they are not among
 * what b has, and gone when lines are loaded next. */
MUST_CHECK int block_peek_lines(struct block *b, uint32_t *entry, size_t n, struct err *e);

/* Says of an error of b->shapes where these lie, as load does of its own. Returns -1. */
int block_shapes_failed(const struct block *b, struct err *e);

/* Entry number of the k-th that is in. */
static inline uint32_t block_entry(const struct block *b, size_t k)
{
	return b->sel_list ? b->sel[k] : b->first + (uint32_t)k;
}

/* The list of what is in, to be shortened in place: sel[0..n_sel). */
uint32_t *block_sel_list(struct block *b);

/* Of the entries that are in, only these n stay. */
void block_keep(struct block *b, const uint32_t *entry, size_t n);

/* Needs WANT_LENS and WANT_LINES. */
static inline struct bytes block_line(const struct block *b, uint32_t i)
{
	return b->line ? b->line[i] : run_line(&b->run, i);
}

void block_set_line(struct block *b, uint32_t i, struct bytes line);

/* Gives each entry that is in its labels, with the structured metadata; needs and loads WANT_META.
 */
MUST_CHECK int block_need_labels(struct block *b, struct err *e);

/* The names of labels that structured metadata, which is loaded, gives any entry: *ret lies in the
 * block's arena. Returns how many. */
size_t block_meta_names(struct block *b, const uint32_t **ret);

/* Whether the stream itself has the name. */
bool block_base_has(const struct block *b, uint32_t name);

/* The value of a label of entry i; false, and an empty one, when it has none. */
bool block_get(const struct block *b, uint32_t i, uint32_t name, struct bytes *ret);

/* Sets one. value must live as long as the block: in its arena, its columns, or longer. */
void block_set(struct block *b, uint32_t i, enum label_kind kind, uint32_t name,
	       struct bytes value);
/* Sets a parsed label unless something but the same key of the same stage has set it: of two keys
 * that become one name the first stays, of one key twice the last, and metadata is not hidden. */
void block_set_field(struct block *b, uint32_t i, uint32_t name, uint32_t origin,
		     struct bytes value);
void block_del(struct block *b, uint32_t i, uint32_t name);

/* The error label of entry i, empty when it has none; setting it with its details. */
struct bytes block_error(const struct block *b, uint32_t i);
void block_set_error(struct block *b, uint32_t i, const char *error, struct bytes details);

/*
 * All labels of entry i as they stand, in no order, into v[] of at least block_n_labels(b, i):
 * name, value and kind. Returns how many. With el not needed yet: those of the stream.
 */
size_t block_n_labels(const struct block *b, uint32_t i);
size_t block_labels(const struct block *b, uint32_t i, struct elabel *v);

#endif
