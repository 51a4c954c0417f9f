/* bodies.bin of `gen-logs bodies`, which says what it is. */
#ifndef TESTS_BODIES_H
#define TESTS_BODIES_H

#include "base/bytes.h"
#include "bench.h"

enum { BODIES_HEAD = 24, BODIES_AGENTS = 1 << 16 };

struct body {
	uint32_t agent, lines;
	uint64_t line_bytes;
	struct bytes b; /* compressed with snappy */
};

struct bodies {
	struct body *v;
	size_t n, cap;
};

static inline uint64_t bodies_little(struct bytes b, size_t off, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | (unsigned char)b.p[off + n];
	return v;
}

/* What is in file, into which the bodies point; ends the program when that is none. */
static inline void bodies_read(struct bodies *ret, struct bytes file)
{
	while (file.n >= BODIES_HEAD) {
		uint64_t len = bodies_little(file, 16, 4);
		struct body *b;

		if (ret->n == ret->cap) {
			ret->cap = ret->cap * 2 + 1024;
			ret->v = realloc(ret->v, ret->cap * sizeof(*ret->v));
			if (!ret->v)
				die("memory");
		}
		b = &ret->v[ret->n++];
		*b = (struct body){ .agent = (uint32_t)bodies_little(file, 0, 4),
				    .lines = (uint32_t)bodies_little(file, 4, 4),
				    .line_bytes = bodies_little(file, 8, 8),
				    .b = bytes_sub(file, BODIES_HEAD, len) };
		if (b->b.n != len || b->agent >= BODIES_AGENTS)
			break;
		file = bytes_sub(file, BODIES_HEAD + len, SIZE_MAX);
	}
	if (file.n || ret->n == 0) {
		fprintf(stderr, "%s: error: the file is not one of bodies, or cut\n",
			program_invocation_short_name);
		exit(3);
	}
}

#endif
