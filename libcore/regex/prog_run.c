#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "regex/prog_inst.h"

/* The threads that stand before one character, by preference. */
struct vm_list {
	uint32_t *pc;
	size_t *caps; /* by thread */
	uint32_t n;
};

/* What adding a thread has still to do: go on at pc, or (back) set a capture as it was. */
struct vm_todo {
	bool back;
	uint32_t at;
	size_t was;
};

struct run {
	struct vm *vm;
	const struct prog *prog;
	struct bytes text;
	size_t n_caps;
};

void vm_release(struct vm *vm)
{
	if (vm->list) {
		for (int i = 0; i < 2; i++) {
			free(vm->list[i].pc);
			free(vm->list[i].caps);
		}
	}
	free(vm->list);
	free(vm->mark);
	free(vm->caps);
	free(vm->found);
	free(vm->todo);
	*vm = (struct vm){ 0 };
}

static void reserve(struct vm *vm, const struct prog *p, size_t n_caps)
{
	if (!vm->list)
		vm->list = mem_alloc(2 * sizeof(*vm->list));
	if (p->n > vm->cap_insts) {
		vm->cap_insts = p->n;
		vm->mark = mem_realloc(vm->mark, p->n * sizeof(*vm->mark));
		memset(vm->mark, 0, p->n * sizeof(*vm->mark));
		vm->mark_now = 0;
		/* each instruction is gone through once, and leaves at most one to do */
		vm->todo = mem_realloc(vm->todo, (p->n + 1) * sizeof(*vm->todo));
		for (int i = 0; i < 2; i++)
			vm->list[i].pc =
				mem_realloc(vm->list[i].pc, p->n * sizeof(*vm->list[i].pc));
	}
	if (n_caps > vm->cap_found) {
		vm->cap_found = n_caps;
		vm->caps = mem_realloc(vm->caps, n_caps * sizeof(*vm->caps));
		vm->found = mem_realloc(vm->found, n_caps * sizeof(*vm->found));
	}
	if (p->n * n_caps > vm->cap_caps) {
		vm->cap_caps = p->n * n_caps;
		for (int i = 0; i < 2; i++)
			vm->list[i].caps = mem_realloc(vm->list[i].caps,
						       vm->cap_caps * sizeof(*vm->list[i].caps));
	}
}

static void list_begin(struct vm *vm, struct vm_list *l)
{
	l->n = 0;
	if (++vm->mark_now == 0) {
		memset(vm->mark, 0, vm->cap_insts * sizeof(*vm->mark));
		vm->mark_now = 1;
	}
}

static bool is_word(struct bytes text, size_t at)
{
	char c;

	if (at >= text.n)
		return false;
	c = text.p[at];
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '_';
}

static bool holds(uint32_t op, struct bytes text, size_t at)
{
	switch (op) {
	case NODE_BEGIN_TEXT:
		return at == 0;
	case NODE_END_TEXT:
		return at == text.n;
	case NODE_BEGIN_LINE:
		return at == 0 || text.p[at - 1] == '\n';
	case NODE_END_LINE:
		return at == text.n || text.p[at] == '\n';
	case NODE_WORD:
		return (at > 0 && is_word(text, at - 1)) != is_word(text, at);
	default:
		return (at > 0 && is_word(text, at - 1)) == is_word(text, at);
	}
}

/* Adds the thread that goes on at pc, with vm->caps: all threads that it becomes before the next
 * character is read. One that stands where another stands already could only do the same later. */
static void add(struct run *r, struct vm_list *l, uint32_t pc, size_t at)
{
	struct vm *vm = r->vm;
	struct vm_todo *todo = vm->todo;
	size_t n = 0;

	todo[n++] = (struct vm_todo){ .at = pc };
	while (n > 0) {
		struct vm_todo t = todo[--n];
		const struct inst *i;

		if (t.back) {
			vm->caps[t.at] = t.was;
			continue;
		}
		for (pc = t.at; vm->mark[pc] != vm->mark_now; pc = i->next) {
			i = &r->prog->v[pc];
			vm->mark[pc] = vm->mark_now;
			vm->steps++;
			if (i->op == INST_SPLIT) {
				todo[n++] = (struct vm_todo){ .at = i->arg };
			} else if (i->op == INST_SAVE) {
				if (i->arg < r->n_caps) {
					todo[n++] =
						(struct vm_todo){ true, i->arg, vm->caps[i->arg] };
					vm->caps[i->arg] = at;
				}
			} else if (i->op != INST_ASSERT) {
				if (r->n_caps)
					memcpy(l->caps + l->n * r->n_caps, vm->caps,
					       r->n_caps * sizeof(*vm->caps));
				l->pc[l->n++] = pc;
				break;
			} else if (!holds(i->arg, r->text, at)) {
				break;
			}
		}
	}
}

/* The character at `at`, and its length. */
static uint32_t rune_at(struct bytes text, size_t at, size_t *ret_n)
{
	const unsigned char *p = (const unsigned char *)text.p + at;
	uint32_t c = p[0];

	*ret_n = 1;
	if (c < 0x80)
		return c;
	*ret_n = utf8_len(bytes_sub(text, at, text.n));
	if (*ret_n == 0) {
		*ret_n = 1;
		return UTF8_REPLACEMENT;
	}
	c &= 0x7fU >> *ret_n;
	for (size_t i = 1; i < *ret_n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

static bool takes(const struct inst *i, uint32_t c)
{
	if (i->op == INST_CHAR)
		return i->arg == c;
	if (c < 128)
		return i->ascii[c / 64] >> c % 64 & 1;
	return runes_has(i->set, c);
}

/* Moves each thread of `from` over the character c to `to`; those behind one that matches are
 * dropped. True when one matches: vm->found. */
static bool step(struct run *r, const struct vm_list *from, struct vm_list *to, uint32_t c,
		 size_t next)
{
	struct vm *vm = r->vm;
	size_t bytes = r->n_caps * sizeof(*vm->caps);

	for (uint32_t k = 0; k < from->n; k++) {
		const struct inst *i = &r->prog->v[from->pc[k]];
		const size_t *caps = from->caps + k * r->n_caps;

		vm->steps++;
		if (i->op == INST_MATCH) {
			if (bytes)
				memcpy(vm->found, caps, bytes);
			return true;
		}
		if (next > r->text.n || !takes(i, c))
			continue;
		if (bytes)
			memcpy(vm->caps, caps, bytes);
		add(r, to, i->next, next);
	}
	return false;
}

bool vm_run(struct vm *vm, const struct prog *p, struct bytes text, size_t from, size_t *ret,
	    size_t n_ret)
{
	struct run r = { vm, p, text, n_ret };
	struct vm_list *now, *next, *swap;
	bool found = false;
	size_t at = from, len;

	reserve(vm, p, n_ret);
	now = &vm->list[0];
	next = &vm->list[1];
	list_begin(vm, now);
	for (;;) {
		uint32_t c = 0;

		if (!found && (at == 0 || !p->at_begin)) {
			for (size_t i = 0; i < n_ret; i++)
				vm->caps[i] = VM_NOWHERE;
			add(&r, now, p->start, at);
		}
		if (now->n == 0 && (found || p->at_begin))
			break;
		len = 1; /* at the end: beyond it */
		if (at < text.n)
			c = rune_at(text, at, &len);
		list_begin(vm, next);
		found |= step(&r, now, next, c, at + len);
		if (at >= text.n || (found && n_ret == 0))
			break;
		at += len;
		swap = now;
		now = next;
		next = swap;
	}
	if (found && n_ret)
		memcpy(ret, vm->found, n_ret * sizeof(*ret));
	return found;
}
