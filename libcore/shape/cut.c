#include "shape/cut.h"

bool cut_line(struct bytes line, struct cut *ret)
{
	ret->n = 0;
	if (line.n && line.p[0] == '{')
		return cut_json(line, ret);
	if (cut_logfmt(line, ret))
		return true;
	ret->n = 0;
	return cut_access(line, ret);
}

bool shape_class_may(enum shape_class class, char c)
{
	unsigned char u = (unsigned char)c;

	switch (class) {
	case SHAPE_TOKEN:
		return u > ' ' && c != ',' && c != ']' && c != '}';
	case SHAPE_WORD:
		return u > ' ' && c != '"' && c != '=';
	case SHAPE_PLAIN:
		return u > ' ' && c != '"';
	case SHAPE_BRACKETED:
		return c != ']' && c != '\n';
	default:
		return c != '\n';
	}
}
