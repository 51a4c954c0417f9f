/*
 * Parsers of lines that are taken apart (shape/shape.h): of each shape it is found out once where
 * that stands which becomes labels, and then only these columns are read. Where a line is not the
 * plain case it is put together, and read as any other.
 */
#ifndef QUERY_STAGE_SHAPES_H
#define QUERY_STAGE_SHAPES_H

#include "query/fields.h"
#include "shape/shape.h"

/* The values of a column, and which of them is that of an entry. */
struct shape_source {
	uint32_t column;
	const struct shape_values *values; /* NULL: not read yet; without words where no entry that
					      is left has the column */
	const uint32_t *row;		   /* by entry; NULL: entry i has value i */
};

static inline size_t shape_source_row(const struct shape_source *from, uint32_t i)
{
	return from->row ? from->row[i] : i;
}

static inline struct bytes shape_source_value(const struct shape_source *from, uint32_t i)
{
	return shape_value(from->values, shape_source_row(from, i));
}

/* Values with what stands between them. */
struct shape_join {
	size_t n;
	struct shape_joined {
		struct bytes before;
		struct shape_source from;
	} * part;
	struct bytes end;
};

/* What lines of a shape have for one label. */
struct shape_take {
	uint32_t label, origin; /* as in struct elabel */
	struct shape_source from;
	const struct shape_join *join; /* where it is not one value: from is not set then */

	/* Of parsers of fields. */
	enum shape_class class;
	uint32_t key;		     /* in struct line_fields */
	bool counts;		     /* as in struct field_key */
	const struct filter *filter; /* as well */
};

struct shape_plan {
	bool odd; /* its lines are to be put together */
	struct shape_take *take;
	size_t n;
	bool plain; /* entries get the labels of `take` behind those of metadata, as they are */
	struct elabels *shared; /* labels of entries, by set of metadata and word; v NULL: not made
				   yet; or NULL */
};

/* A block that is being read. */
struct shape_reading {
	const struct stage *s;
	struct block *b;
	const struct shape_parser *how;
	const uint8_t *number;	   /* of each entry's shape; NULL: all have the first */
	stage_extract_fn *extract; /* reads a whole line */
	struct shape_plan *plan;
	size_t n_plans;
	struct shape_source *few;   /* by column: those that were read of some entries alone, the
				       others' .values NULL; NULL: none */
	bool no_labels_yet;	    /* entries have no labels but of metadata */
	const uint32_t *meta_label; /* those */
	size_t n_meta_labels;

	struct line_fields *f; /* of parsers of fields */
	uint32_t forgotten;    /* by f, when the plans were made */
};

static inline size_t shape_reading_shape(const struct shape_reading *r, uint32_t i)
{
	return r->number ? r->number[i] : 0;
}

/* Some entries, ascending. */
struct shape_wanted {
	const uint32_t *entry;
	size_t n;
};

/* How a kind of parsers does it. */
struct shape_ops {
	/* What they take of lines of each shape, each label once; r->plan has room for all. Of the
	 * sources .column alone is set. */
	int (*plan)(struct shape_reading *r, const struct shape *sh, struct err *e);
	/* A value as it stands in the line to that of the label. FIELDS_GO_ON: it is none,
	 * FIELDS_ENOUGH: it is one. Or FIELDS_ODD. */
	enum fields_step (*value)(struct shape_reading *r, const struct shape_take *t,
				  struct bytes *v);
	/* Entry i, whose shape is not odd, gets its labels, and may have some; whether it stays.
	 * False: it must be put together, and nothing was done. */
	bool (*give)(struct shape_reading *r, const struct shape_plan *p, uint32_t i,
		     bool *ret_stays);
};

extern const struct shape_ops field_shapes;

struct shape_parser {
	const struct shape_ops *ops;

	/* Of parsers of fields. */
	struct bytes before, behind; /* of a key: fields_begin */
	/* Its fast way to read a line. */
	enum fields_step (*walk)(struct line_fields *f, const struct stage *s, struct bytes line);
	/* As in shape_ops, of a value of class `class`. */
	enum fields_step (*value)(struct line_fields *f, const struct stage *s,
				  enum shape_class class, struct bytes *v);
};

/* Errors of all below: those of loading. */

/* As stage_extract, of a block whose b->shapes are there; `extract` reads a whole line. */
MUST_CHECK int shapes_extract(const struct stage *s, struct block *b,
			      const struct shape_parser *how, stage_extract_fn *extract,
			      struct err *e);

/* The labels of b->columns, which is NULL then; drops what a parser drops. */
MUST_CHECK int shapes_make_labels(struct block *b, struct err *e);

/* Sets r->number. */
MUST_CHECK int shapes_read_numbers(struct shape_reading *r, struct err *e);

/* Reads the values of a take, unless they are there: of those entries, or of more. Of others they
 * are not wanted any more. The numbers of shapes have been read. */
MUST_CHECK int shapes_read_take(struct shape_reading *r, const struct shape_wanted *w,
				struct shape_take *t, struct err *e);

/* Whether metadata of some entry gives the label; r->meta_label is set. */
bool shapes_meta_has(const struct shape_reading *r, uint32_t label);

/* Drops what label filters behind the parser are going to refuse, as far as columns tell; says in
 * b->settled what needs not be asked again. Plans are made, r->meta_label is set. */
MUST_CHECK int shapes_drop_early(struct shape_reading *r, struct err *e);

/* The values of a column of b->shapes. */
MUST_CHECK int shapes_values(struct block *b, uint32_t column, const struct shape_values **ret,
			     struct err *e);

/* What a take is of entry i: in a column or b's arena. */
struct bytes shapes_text(struct block *b, const struct shape_take *t, uint32_t i);

/* Whether a slot is the whole line: such lines have nothing in common. */
bool shapes_whole_line(const struct shape *sh);

#endif
