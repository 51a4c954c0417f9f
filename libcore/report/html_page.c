#include "report/html_page.h"

#include "base/html.h"

static const char style[] =
	":root { color-scheme: light dark; --back: #fff; --text: #1a1a1a; --line: #ddd }\n"
	"@media (prefers-color-scheme: dark) {\n"
	"  :root { --back: #16181c; --text: #eaeaea; --line: #3a3d44 }\n"
	"}\n"
	"body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem;\n"
	"  padding: 0 1rem; color: var(--text); background: var(--back) }\n"
	"h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2rem } h3 { font-size: 1rem "
	"}\n"
	"table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto }\n"
	"th, td { padding: .25rem .75rem; text-align: left; border-bottom: 1px solid var(--line) "
	"}\n"
	"th.number, td.number { text-align: right; font-variant-numeric: tabular-nums }\n"
	"tr.total td { font-weight: 600; border-top: 2px solid var(--text) }\n"
	"svg { max-width: 100%; height: auto }\n"
	"@media print { body { max-width: none; margin: 0 } }\n";

void html_page_begin(struct buf *out, const char *title)
{
	buf_add_str(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			 "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	html_add_xml(out, bytes_str(title));
	buf_addf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", style);
	html_add_xml(out, bytes_str(title));
	buf_add_str(out, "</h1>\n");
}

void html_page_heading(struct buf *out, int level, struct bytes text)
{
	buf_addf(out, "<h%d>", level);
	html_add_xml(out, text);
	buf_addf(out, "</h%d>\n", level);
}

void html_page_text(struct buf *out, struct bytes text)
{
	buf_add_str(out, "<p>");
	html_add_xml(out, text);
	buf_add_str(out, "</p>\n");
}

void html_page_fold_begin(struct buf *out, struct bytes line)
{
	buf_add_str(out, "<details><summary>");
	html_add_xml(out, line);
	buf_add_str(out, "</summary>\n");
}

void html_page_fold_end(struct buf *out)
{
	buf_add_str(out, "</details>\n");
}

void html_page_end(struct buf *out)
{
	buf_add_str(out, "</body>\n</html>\n");
}
