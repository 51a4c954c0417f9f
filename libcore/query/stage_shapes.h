/*
 * Parsers of lines that are taken apart (shape/shape.h): of each shape it is found out once where
 * the fields stand that are asked for, and then only these columns are read. Where a line is not
 * the plain case it is put together, and read as any other.
 */
#ifndef QUERY_STAGE_SHAPES_H
#define QUERY_STAGE_SHAPES_H

#include "query/fields.h"
#include "shape/shape.h"

/* How a parser reads a shape. */
struct shape_parser {
	struct bytes before, behind; /* of a key: fields_begin */
	/* Its fast way to read a line. */
	enum fields_step (*walk)(struct line_fields *f, const struct stage *s, struct bytes line);
	/* A value as it stands in the line, of class `class`, to that of the label. FIELDS_GO_ON:
	 * it is none, FIELDS_ENOUGH: it is one. Or FIELDS_ODD. */
	enum fields_step (*value)(struct line_fields *f, const struct stage *s,
				  enum shape_class class, struct bytes *v);
};

/* As stage_extract, of a block whose b->shapes are there; `extract` reads a whole line. */
MUST_CHECK int shapes_extract(const struct stage *s, struct block *b,
			      const struct shape_parser *how, stage_extract_fn *extract,
			      struct err *e);

#endif
