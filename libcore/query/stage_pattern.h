/* | pattern of lines, and of lines that are taken apart. */
#ifndef QUERY_STAGE_PATTERN_H
#define QUERY_STAGE_PATTERN_H

#include "query/stage.h"

/* What of a pattern is asked for, and how it is called in a block. */
struct pattern_wanted {
	const struct logql_pattern *tree;
	size_t n_parts;	  /* up to the one that ends the last capture that is taken */
	size_t n;	  /* of captures that are taken */
	uint32_t label[]; /* by part; MAP_NONE: it is not taken */
};

/* Of blocks whose b->prepared is what is wanted. */
struct shape_parser;
extern const struct shape_parser pattern_parser;

#endif
