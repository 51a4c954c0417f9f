/* Files of rules by which lines are rewritten, of which the last line is also one that is: any text
 * is rules or an error, and what a rule has written it does not write again. */
#include "fuzz.h"

#include "erase/scrub.h"
#include "memory_file.h"

enum { LINES = 4 };

struct sample {
	struct buf lines;
	int64_t ts_ns[LINES];
	uint32_t off[LINES + 1];
	struct run run;
};

static void fill(struct sample *s, struct bytes last)
{
	const struct bytes line[LINES] = { BYTES_LIT("{\"user\":\"jo\",\"n\":1}"),
					   BYTES_LIT("level=info card=4111-1111 \x1b[31mred"),
					   BYTES_LIT(""), last };

	for (size_t i = 0; i < LINES; i++) {
		s->ts_ns[i] = (int64_t)(1768471200000000000 + i);
		s->off[i] = (uint32_t)s->lines.n;
		buf_add_bytes(&s->lines, line[i]);
		buf_add_char(&s->lines, '\n');
	}
	s->off[LINES] = (uint32_t)s->lines.n;
	s->run = (struct run){ .n = LINES,
			       .ts_ns = s->ts_ns,
			       .line_off = s->off,
			       .lines = s->lines.p,
			       .lines_len = s->lines.n };
}

static void apply(const struct scrub_rule *r, const struct sample *s, const struct labels *stream)
{
	struct scrub_state *state = scrub_state_new(r), *other = scrub_state_new(r);
	struct bytes line[LINES];
	bool any = false, again = false;
	struct err e;

	for (size_t i = 0; i < LINES; i++)
		line[i] = run_line(&s->run, i);
	if (scrub_wants(r, stream) && scrub_apply(state, stream, &s->run, line, &any, &e) == 0) {
		size_t changed = 0;

		for (size_t i = 0; i < LINES; i++)
			changed += !bytes_eq(line[i], run_line(&s->run, i));
		if (any != (changed > 0))
			abort();
		if (scrub_apply(other, stream, &s->run, line, &again, &e) < 0 || again)
			abort();
	}
	scrub_state_free(state);
	scrub_state_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data, size);
	struct label app = { BYTES_LIT("app"), BYTES_LIT("web") };
	const struct labels stream = { &app, 1 };
	const char *nl = size ? memrchr(text.p, '\n', size) : NULL;
	struct sample s = { .lines = { 0 } };
	struct scrub_rules rules;
	char path[MEMORY_PATH_MAX];
	struct err e;
	int fd;

	if (size > 1 << 12)
		return 0;
	fd = memory_file(bytes_of(text.p, nl ? (size_t)(nl - text.p) : size), path);
	fill(&s, nl ? bytes_sub(text, (size_t)(nl - text.p) + 1, size) : text);
	if (scrub_load(path, &rules, &e) == 0)
		for (size_t i = 0; i < rules.n; i++)
			apply(&rules.v[i], &s, &stream);
	scrub_release(&rules);
	buf_release(&s.lines);
	close(fd);
	return 0;
}
