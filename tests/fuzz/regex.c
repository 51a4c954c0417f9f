/* Regular expressions: a pattern, a newline, a text. PCRE2 and the VM agree, or there is an error
 * text. */
#include "fuzz.h"

#include <stdlib.h>

#include "regex/prog.h"
#include "regex/regex.h"

enum { PATTERN_MAX = 200, TEXT_MAX = 2000, GROUPS = 8 };

static void compare(const struct regex *r, const struct tree *t, const struct prog *prog,
		    struct bytes text)
{
	size_t n = t->n_groups < GROUPS ? t->n_groups : GROUPS, at[2 * (GROUPS + 1)];
	struct bytes group[GROUPS + 1];
	struct vm vm = { 0 };
	struct err e;
	int found = vm_run(&vm, prog, text, 0, at, 2 * (n + 1));

	vm_release(&vm);
	if (regex_match(r, text, NULL, &e) != found ||
	    regex_match_groups(r, text, group, n, &e) != found)
		abort();
	for (size_t i = 0; found && i <= n; i++) {
		if ((at[2 * i] == VM_NOWHERE) != !group[i].p)
			abort();
		if (group[i].p && ((size_t)(group[i].p - text.p) != at[2 * i] ||
				   group[i].n != at[2 * i + 1] - at[2 * i]))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes all = bytes_of(data, size), pattern = all, text = BYTES_LIT("");
	const char *end = size ? memchr(all.p, '\n', all.n) : NULL;
	struct regex *r;
	struct prog prog;
	struct tree t;
	struct err e;

	if (end) {
		pattern = bytes_of(all.p, (size_t)(end - all.p));
		text = bytes_of(end + 1, all.n - pattern.n - 1);
	}
	if (pattern.n > PATTERN_MAX || text.n > TEXT_MAX)
		return 0;
	r = regex_new(pattern, REGEX_UNANCHORED, &e);
	if (!r) {
		if (e.code != ERR_QUERY ||
		    !bytes_starts(bytes_str(e.msg), BYTES_LIT("error parsing regexp: ")))
			abort();
		return 0;
	}
	if (tree_parse(&t, pattern, 0, &e) < 0)
		abort();
	prog_make(&prog, &t);
	compare(r, &t, &prog, text);
	tree_release(&t);
	regex_free(r);
	return 0;
}
