/* The instructions, for prog.c and prog_run.c. */
#ifndef REGEX_PROG_INST_H
#define REGEX_PROG_INST_H

#include "regex/prog.h"

enum inst_op {
	INST_CHAR,   /* arg */
	INST_SET,    /* set */
	INST_SPLIT,  /* next, then arg */
	INST_SAVE,   /* the place, as capture arg */
	INST_ASSERT, /* arg: an enum node_op */
	INST_MATCH
};

struct inst {
	uint8_t op;
	uint32_t next, arg;
	const struct runes *set;
	uint64_t ascii[2]; /* of set */
};

#endif
