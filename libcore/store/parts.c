/*
 * Which of its stores has an object is told by its name alone, so that whoever writes it and
 * whoever looks for it agree, and who reads or writes one object asks one store.
 *
 * Who forgets to say that the index lies elsewhere would find an empty store, and who forgets the
 * rules would delete what is held. So the mark of the main one says what it lacks, and a program
 * that was told something else goes no further.
 */
#include "store/parts.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "store/backend.h"
#include "store/s3_url.h"

static const char *const words[STORE_PARTS] = { "index", "rules" };
static const char *const rules_files[] = { "~lokid/limits.yaml", "~lokid/hold" };
enum { N_RULES = sizeof(rules_files) / sizeof(rules_files[0]) };

/* ---- names ---- */

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* The part that an object or a folder of this name belongs to; STORE_PARTS: to none. */
static unsigned part_of(const char *name)
{
	const char *slash = strchr(name, '/');

	for (int i = 0; i < N_RULES; i++)
		if (strcmp(name, rules_files[i]) == 0)
			return PART_RULES;
	if (name[0] == '~')
		return STORE_PARTS;
	return slash && (begins(slash, "/index/") || strcmp(slash, "/index") == 0) ? PART_INDEX
										   : STORE_PARTS;
}

struct store *store_part(struct store *s, const char *name)
{
	unsigned part = part_of(name);

	return part < STORE_PARTS && s->part[part] ? s->part[part] : s;
}

const char *store_path_of(const struct store *s, const char *name)
{
	return store_path(store_part((struct store *)(uintptr_t)s, name));
}

const struct store *store_nth(const struct store *s, size_t i)
{
	for (size_t k = 0; i > 0 && k < STORE_PARTS; k++)
		if (s->part[k] && --i == 0)
			return s->part[k];
	return i == 0 ? s : NULL;
}

/* ---- opening ---- */

/* The next " index=" or " rules=" of the text, and which it is; its end when there is none. */
static const char *next_part(const char *text, unsigned *ret_part)
{
	for (; *text; text++)
		for (unsigned i = 0; i < STORE_PARTS && *text == ' '; i++)
			if (begins(text + 1, words[i]) && text[1 + strlen(words[i])] == '=') {
				*ret_part = i;
				return text;
			}
	*ret_part = STORE_PARTS;
	return text;
}

char *store_main_path(const char *word)
{
	unsigned part;

	return strndup(word, (size_t)(next_part(word, &part) - word));
}

bool store_names_parts(const char *word)
{
	unsigned part;

	next_part(word, &part);
	return part < STORE_PARTS;
}

const char *store_parts_glued(const char *path)
{
	return strstr(path, "index=") ? "index=" : strstr(path, "rules=") ? "rules=" : NULL;
}

/* Cuts copy, one of the word, into the main path and those in path[]; NULL: it has none of its own.
 */
static int parse(const char *word, char *copy, const char *path[STORE_PARTS], struct err *e)
{
	unsigned part, next;
	size_t at = (size_t)(next_part(word, &part) - word);

	for (; part < STORE_PARTS; part = next) {
		size_t value = at + 1 + strlen(words[part]) + 1;

		copy[at] = '\0';
		at = (size_t)(next_part(word + value, &next) - word);
		if (at == value)
			return err_set(e, ERR_USAGE, "store '%s': nothing behind '%s='", word,
				       words[part]);
		if (path[part])
			return err_set(e, ERR_USAGE, "store '%s': '%s=' is there twice", word,
				       words[part]);
		path[part] = copy + value;
	}
	return 0;
}

int store_check_path(const char *word, struct err *e)
{
	const char *path[STORE_PARTS] = { NULL };
	char *main_path = strdup(word);
	int rc = parse(word, main_path, path, e);

	if (rc == 0)
		rc = store_path_check(main_path, e);
	for (unsigned i = 0; i < STORE_PARTS; i++)
		if (rc == 0 && path[i])
			rc = store_path_check(path[i], e);
	free(main_path);
	return rc;
}

static void add_hurried(struct buf *b, const char *path, size_t n)
{
	buf_add(b, path, n);
	if (s3_is_url(path))
		buf_addf(b, "%ctries=2&timeout=3s", memchr(path, '?', n) ? '&' : '?');
}

void store_add_hurried(struct buf *b, const char *word)
{
	unsigned part;
	const char *end = next_part(word, &part);

	add_hurried(b, word, (size_t)(end - word));
	while (part < STORE_PARTS) {
		const char *value = end + 1 + strlen(words[part]) + 1;

		buf_add(b, end, (size_t)(value - end));
		end = next_part(value, &part);
		add_hurried(b, value, (size_t)(end - value));
	}
}

struct looking {
	struct store *s;
	bool found;
};

static int note_file(const struct store_object *o, void *data, struct err *e)
{
	(void)o;
	((struct looking *)data)->found = true;
	return err_set(e, ERR_AGAIN, "enough");
}

static int look_at_tenant(const struct store_object *tenant, void *data, struct err *e)
{
	struct looking *l = data;
	struct buf folder = { 0 };
	int rc;

	buf_addf(&folder, "%s/%s/", tenant->name, words[PART_INDEX]);
	rc = l->s->ops->list(l->s, buf_str(&folder), note_file, l, e);
	buf_release(&folder);
	return rc;
}

/* Whether s itself has anything of the part. */
static int look_for(struct store *s, unsigned part, bool *ret, struct err *e)
{
	struct looking l = { .s = s };
	struct store_object o;
	struct err why;
	int rc = 0;

	if (part == PART_INDEX) {
		rc = s->ops->list_folders(s, "", look_at_tenant, &l, &why);
		if (rc < 0 && !l.found)
			return err_set(e, why.code, "%s", why.msg);
		*ret = l.found;
		return 0;
	}
	for (int i = 0; i < N_RULES && rc == 0; i++)
		rc = s->ops->has(s, rules_files[i], &o, e);
	*ret = rc > 0;
	return rc < 0 ? -1 : 0;
}

/* Parts are to lie elsewhere from now on: fine when nothing of them would be left behind. */
static int leave_parts(struct store *s, struct err *e)
{
	for (unsigned i = 0; i < STORE_PARTS; i++) {
		bool has = false;

		if (s->lacks & ~s->marked & 1U << i && look_for(s, i, &has, e) < 0)
			return -1;
		if (has)
			return err_set(e, ERR_USAGE,
				       "store '%s' has %s of its own: move it to where '%s=' says, "
				       "or leave that out",
				       s->path, i == PART_INDEX ? "an index" : "rules", words[i]);
	}
	if (s->ops->mark(s, e) < 0)
		return -1;
	s->marked = s->lacks;
	return 0;
}

struct store *store_parts_open(const char *word, enum store_mode mode, store_open_fn *open_one,
			       struct err *e)
{
	const char *path[STORE_PARTS] = { NULL };
	char *main_path = strdup(word);
	struct store *s = NULL;
	unsigned lacks = 0;
	int rc = parse(word, main_path, path, e);

	for (unsigned i = 0; i < STORE_PARTS; i++)
		lacks |= path[i] ? 1U << i : 0;
	if (rc == 0 && !(s = open_one(main_path, mode, lacks, e)))
		rc = -1;
	if (rc == 0 && mode == STORE_WRITE && lacks & ~s->marked && !(s->marked & ~lacks))
		rc = leave_parts(s, e);
	if (rc == 0)
		rc = store_parts_check(s, e);
	for (unsigned i = 0; i < STORE_PARTS && rc == 0; i++) {
		if (!path[i])
			continue;
		s->part[i] = open_one(path[i], mode, 0, e);
		if (!s->part[i])
			rc = err_wrap(e, "store '%s', its %s", main_path, words[i]);
		else
			s->part[i]->whole = s;
	}
	if (rc < 0) {
		store_close(s);
		s = NULL;
	}
	free(main_path);
	return s;
}

struct store *store_open_whole(const char *path, struct err *e)
{
	struct store *s = store_open(path, STORE_MEND, e);

	if (!s || !s->remote)
		return s;
	atomic_store(&s->asked_mark, true); /* here */
	if (store_check_mark(s, e) == 0 || (e->code != ERR_USAGE && e->code != ERR_VERSION))
		return s;
	store_close(s);
	return NULL;
}

bool store_is_absent(const char *path)
{
	char *first = store_main_path(path);
	bool ret = !store_is_url(first) && access(first, F_OK) < 0 && errno == ENOENT;

	free(first);
	return ret;
}

/* ---- marks ---- */

void store_parts_add_mark(struct buf *b, unsigned lacks)
{
	if (lacks)
		buf_add_str(b, " without");
	for (unsigned i = 0; i < STORE_PARTS; i++)
		if (lacks & 1U << i)
			buf_addf(b, " %s", words[i]);
}

bool store_parts_read_mark(struct bytes text, unsigned *ret_lacks)
{
	struct bytes word;
	unsigned lacks = 0;

	if (text.n && !(bytes_split(&text, ' ', &word) && bytes_is(word, "without") && text.n))
		return false;
	while (text.n && bytes_split(&text, ' ', &word)) {
		unsigned i = 0;

		while (i < STORE_PARTS && !bytes_is(word, words[i]))
			i++;
		if (i == STORE_PARTS || lacks & 1U << i)
			return false;
		lacks |= 1U << i;
	}
	*ret_lacks = lacks;
	return true;
}

int store_parts_check(const struct store *s, struct err *e)
{
	for (unsigned i = 0; i < STORE_PARTS; i++) {
		if (s->marked & ~s->lacks & 1U << i)
			return err_set(
				e, ERR_USAGE,
				"store '%s' has its %s in a store of its own, which has to be "
				"named: '%s %s=STORE'",
				s->path, words[i], s->path, words[i]);
		if (s->lacks & ~s->marked & 1U << i)
			return err_set(e, ERR_USAGE,
				       "store '%s' has no store of its own for its %s: leave '%s=' "
				       "out",
				       s->path, words[i], words[i]);
	}
	return 0;
}

/* ---- listing ---- */

struct counted {
	store_object_fn *each;
	void *data;
	size_t n;
};

static int count(const struct store_object *o, void *data, struct err *e)
{
	struct counted *c = data;

	c->n++;
	return c->each(o, c->data, e);
}

int store_parts_list_one(struct store *s, const char *folder, store_object_fn *each, void *data,
			 struct err *e)
{
	struct counted c = { .each = each, .data = data };
	struct buf text = { 0 };
	struct err none;
	int rc;

	if (!s->remote || s->whole || part_of(folder) != PART_INDEX)
		return store_list_one(s, folder, each, data, e);
	rc = store_list_one(s, folder, count, &c, e);
	if (rc == 0 && c.n == 0 && !atomic_exchange(&s->asked_mark, true) &&
	    store_get(s, store_format_name, STORE_FORMAT_FILE_MAX, &text, &none) == 0) {
		rc = store_format_check(s, buf_bytes(&text), e);
		if (rc == 0)
			rc = store_parts_check(s, e);
	}
	buf_release(&text);
	return rc;
}

bool store_parts_share(const struct store *s, const char *folder)
{
	const char *slash = strchr(folder, '/');

	return s->part[PART_INDEX] && folder[0] != '~' && (!slash || slash[1] == '\0');
}

struct gathered {
	struct store_object *v;
	size_t n, cap;
	struct arena mem;
	const char *folder; /* of names that are the last part alone; else NULL */
	unsigned part;	    /* what is of another is left out */
};

static const char *keep(struct arena *a, const char *text)
{
	return text ? arena_copy(a, bytes_of(text, strlen(text) + 1)).p : NULL;
}

static int gather(const struct store_object *o, void *data, struct err *e)
{
	struct gathered *g = data;
	struct buf name = { 0 };
	unsigned part;

	(void)e;
	buf_addf(&name, "%s%s", g->folder ? g->folder : "", o->name);
	part = part_of(buf_str(&name));
	/* a tenant's folder is one in both */
	if (part == g->part || (g->folder && g->folder[0] == '\0')) {
		mem_grow(&g->v, &g->cap, g->n + 1, sizeof(*g->v));
		g->v[g->n] = *o;
		g->v[g->n].name = keep(&g->mem, o->name);
		g->v[g->n++].storage_class = keep(&g->mem, o->storage_class);
	}
	buf_release(&name);
	return 0;
}

static int by_name(const void *pa, const void *pb)
{
	const struct store_object *a = pa, *b = pb;

	return strcmp(a->name, b->name);
}

static int give(const struct gathered *g, store_object_fn *each, void *data, struct err *e)
{
	int rc = 0;

	if (g->n)
		qsort(g->v, g->n, sizeof(*g->v), by_name);
	for (size_t i = 0; i < g->n && rc == 0; i++)
		if (i == 0 || strcmp(g->v[i].name, g->v[i - 1].name) != 0)
			rc = each(&g->v[i], data, e);
	return rc;
}

typedef int list_fn(struct store *s, const char *folder, store_object_fn *each, void *data,
		    struct err *e);

static int list_both(struct store *s, const char *folder, list_fn *list, struct gathered *g,
		     store_object_fn *each, void *data, struct err *e)
{
	int rc;

	g->part = STORE_PARTS;
	rc = list(s, folder, gather, g, e);
	g->part = PART_INDEX;
	if (rc == 0)
		rc = list(s->part[PART_INDEX], folder, gather, g, e);
	if (rc == 0)
		rc = give(g, each, data, e);
	free(g->v);
	arena_release(&g->mem);
	return rc;
}

int store_parts_list(struct store *s, const char *folder, store_object_fn *each, void *data,
		     struct err *e)
{
	struct gathered g = { 0 };

	return list_both(s, folder, store_list_one, &g, each, data, e);
}

int store_parts_list_folders(struct store *s, const char *folder, store_object_fn *each, void *data,
			     struct err *e)
{
	struct gathered g = { .folder = folder };

	return list_both(s, folder, store_ask_folders, &g, each, data, e);
}
