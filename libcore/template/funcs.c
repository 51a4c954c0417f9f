#include "template/func.h"

const struct func *func_find(struct bytes name)
{
	static const struct func *const tables[] = { funcs_language, funcs_string, funcs_math,
						     funcs_time };

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (const struct func *f = tables[i]; f->name; f++)
			if (bytes_is(name, f->name))
				return f;
	return NULL;
}

bool func_takes_pattern(const struct func *f)
{
	return f->takes_pattern;
}
