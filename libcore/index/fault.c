#include "index/fault.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

static const char *const words[FAULT_KINDS] = {
	[FAULT_UNMARKED] = "unmarked",	 [FAULT_FOREIGN] = "foreign",
	[FAULT_ABANDONED] = "abandoned", [FAULT_DAMAGED] = "damaged",
	[FAULT_NAME] = "wrong-name",	 [FAULT_FOLDER] = "wrong-folder",
	[FAULT_MISSING] = "missing",	 [FAULT_DIFFERS] = "differs",
	[FAULT_UNCOVERED] = "uncovered", [FAULT_OVERLAP] = "overlap",
	[FAULT_ORPHAN] = "orphan",	 [FAULT_SUPERFLUOUS] = "superfluous",
	[FAULT_LEFTOVER] = "leftover",	 [FAULT_EXPIRED] = "expired",
	[FAULT_RULE] = "bad-rule",	 [FAULT_RECEIPT] = "bad-receipt",
};

const char *fault_word(enum fault_kind kind)
{
	return words[kind];
}

void fault_cut_path(struct err *e, const char *path, const char *name)
{
	struct buf b = { 0 };

	buf_addf(&b, "'%s%s%s': ", path, name ? "/" : "", name ? name : "");
	if (bytes_starts(bytes_str(e->msg), buf_bytes(&b)))
		memmove(e->msg, e->msg + b.n, strlen(e->msg + b.n) + 1);
	buf_release(&b);
}

static const char *copy(struct fault_list *l, const char *text)
{
	return text ? arena_copy(&l->mem, bytes_of(text, strlen(text) + 1)).p : NULL;
}

void fault_list_add(struct fault_list *l, const struct index_fault *f)
{
	struct index_fault *to;

	mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v));
	to = &l->v[l->n++];
	*to = *f;
	to->name = copy(l, f->name);
	to->index = copy(l, f->index);
	to->tenant = arena_copy(&l->mem, f->tenant);
}

void fault_list_reset(struct fault_list *l)
{
	l->n = 0;
	arena_reset(&l->mem);
}

void fault_list_release(struct fault_list *l)
{
	free(l->v);
	arena_release(&l->mem);
	*l = (struct fault_list){ 0 };
}
