#include "xml/xml.h"

#include <expat.h>
#include <limits.h>

#include "base/buf.h"
#include "base/dynlib.h"

enum { DEPTH_MAX = 32, PATH_MAX_LEN = 4096 };

struct expat_lib {
	__typeof__(XML_ParserCreate) *create;
	__typeof__(XML_ParserFree) *destroy;
	__typeof__(XML_SetUserData) *set_data;
	__typeof__(XML_SetElementHandler) *set_element;
	__typeof__(XML_SetCharacterDataHandler) *set_text;
	__typeof__(XML_SetStartDoctypeDeclHandler) *set_doctype;
	__typeof__(XML_Parse) *parse;
	__typeof__(XML_StopParser) *stop;
	__typeof__(XML_GetErrorCode) *error;
	__typeof__(XML_ErrorString) *error_text;
	__typeof__(XML_GetCurrentByteIndex) *offset;
};

struct reading {
	struct expat_lib lib;
	XML_Parser parser;
	xml_fn *fn;
	void *data;
	struct err *e;
	bool failed;
	struct buf path;	 /* "/A/B" */
	struct buf text;	 /* of all open elements, one behind the other */
	size_t start[DEPTH_MAX]; /* where each one's begins */
	size_t len[DEPTH_MAX];	 /* of the path before it */
	unsigned depth;
};

static int load(struct expat_lib *lib, struct err *e)
{
	static const char *const names[] = { "libexpat.so.1", NULL };
	const struct dynlib_function v[] = {
		{ "XML_ParserCreate", &lib->create },
		{ "XML_ParserFree", &lib->destroy },
		{ "XML_SetUserData", &lib->set_data },
		{ "XML_SetElementHandler", &lib->set_element },
		{ "XML_SetCharacterDataHandler", &lib->set_text },
		{ "XML_SetStartDoctypeDeclHandler", &lib->set_doctype },
		{ "XML_Parse", &lib->parse },
		{ "XML_StopParser", &lib->stop },
		{ "XML_GetErrorCode", &lib->error },
		{ "XML_ErrorString", &lib->error_text },
		{ "XML_GetCurrentByteIndex", &lib->offset },
	};

	return dynlib_load(names,
			   "expat, which reads XML, is not here (libexpat.so.1; in Debian the "
			   "package libexpat1)",
			   v, sizeof(v) / sizeof(*v), e);
}

/* The first failure counts. */
static void stop(struct reading *r)
{
	r->failed = true;
	r->lib.stop(r->parser, XML_FALSE);
}

static void tell(struct reading *r, bool end, struct bytes text)
{
	const struct xml_at at = { .end = end, .path = buf_str(&r->path), .text = text };

	if (r->fn(&at, r->data, r->e) < 0)
		stop(r);
}

static void on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
	const char *colon = strrchr(name, ':'), *plain = colon ? colon + 1 : name;
	struct reading *r = data;

	(void)attributes;
	if (r->failed)
		return;
	if (r->depth == DEPTH_MAX || r->path.n + strlen(plain) >= PATH_MAX_LEN) {
		err_set(r->e, ERR_CORRUPT, "XML that is nested too deep");
		stop(r);
		return;
	}
	r->len[r->depth] = r->path.n;
	r->start[r->depth++] = r->text.n;
	buf_addf(&r->path, "/%s", plain);
	tell(r, false, (struct bytes){ 0 });
}

static void on_end(void *data, const XML_Char *name)
{
	struct reading *r = data;
	size_t at;

	(void)name;
	if (r->failed)
		return;
	at = r->start[--r->depth];
	tell(r, true, bytes_sub(buf_bytes(&r->text), at, r->text.n));
	r->text.n = at;
	r->path.n = r->len[r->depth];
}

static void on_text(void *data, const XML_Char *s, int n)
{
	struct reading *r = data;

	if (!r->failed)
		buf_add(&r->text, s, (size_t)n);
}

static void on_doctype(void *data, const XML_Char *name, const XML_Char *sysid,
		       const XML_Char *pubid, int has_internal_subset)
{
	struct reading *r = data;

	(void)name, (void)sysid, (void)pubid, (void)has_internal_subset;
	err_set(r->e, ERR_CORRUPT, "XML with a DOCTYPE, which no answer has");
	stop(r);
}

int xml_read(struct bytes text, xml_fn *fn, void *data, struct err *e)
{
	struct reading r = { .fn = fn, .data = data };
	struct err own = { 0 };
	int rc = 0;

	r.e = e ? e : &own;
	if (load(&r.lib, r.e) < 0)
		return -1;
	if (text.n > INT_MAX)
		return err_set(e, ERR_LIMIT, "XML of %zu bytes", text.n);
	r.parser = r.lib.create("UTF-8");
	if (!r.parser)
		return err_set(e, ERR_NOMEM, "expat: out of memory");
	r.lib.set_data(r.parser, &r);
	r.lib.set_element(r.parser, on_start, on_end);
	r.lib.set_text(r.parser, on_text);
	r.lib.set_doctype(r.parser, on_doctype);
	if (r.lib.parse(r.parser, text.n ? text.p : "", (int)text.n, 1) != XML_STATUS_OK &&
	    !r.failed)
		rc = err_set(e, ERR_CORRUPT, "no XML: %s at offset %ld",
			     r.lib.error_text(r.lib.error(r.parser)), (long)r.lib.offset(r.parser));
	r.lib.destroy(r.parser);
	buf_release(&r.path);
	buf_release(&r.text);
	return r.failed ? -1 : rc;
}
