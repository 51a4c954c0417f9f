/*
 * XML as servers answer it, read by expat, which is loaded when it is first used: who stays local
 * need not pay for it. What declares entities (a DOCTYPE) is refused, so no text grows beyond what
 * came. For any thread.
 */
#ifndef XML_XML_H
#define XML_XML_H

#include "base/bytes.h"
#include "base/err.h"

/* Where an element begins (text is empty) or ends. path is "/List/Contents/Key", without prefixes
 * of names; text is what stands right in the element, valid during the call. */
struct xml_at {
	bool end;
	const char *path;
	struct bytes text;
};

/* 0, or -1 with e set, which ends the reading. */
typedef int xml_fn(const struct xml_at *at, void *data, struct err *e);

/* Errors: ERR_CORRUPT, it is no XML, or nested more than 32 deep; ERR_IO, expat cannot be loaded;
 * what fn gave. */
MUST_CHECK int xml_read(struct bytes text, xml_fn *fn, void *data, struct err *e);

#endif
