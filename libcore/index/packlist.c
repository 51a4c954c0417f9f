#include "index/packlist.h"

#include <stdlib.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"

enum { LIST_MAX = 1 << 30, READ_STEP = 64 << 10, FAULTS_SHOWN = 5 };

void packlist_release(struct packlist *l)
{
	arena_release(&l->mem);
	free(l->v);
	*l = (struct packlist){ 0 };
}

int packlist_add(struct packlist *l, struct bytes path, struct err *e)
{
	struct store_name sn;

	if (store_name_parse(path, &sn, e) < 0)
		return err_wrap(e, "'%.*s'", BYTES_ARG(path));
	if (sn.kind != STORE_PACK)
		return err_set(e, ERR_USAGE, "'%.*s' is not a pack", BYTES_ARG(path));
	sn.tenant = arena_copy(&l->mem, sn.tenant);
	mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = sn;
	return 0;
}

static int read_all(int fd, struct buf *text, struct err *e)
{
	for (int64_t k = READ_STEP; k == READ_STEP;) {
		k = io_read(fd, buf_reserve(text, READ_STEP), READ_STEP, e);
		if (k < 0)
			return -1;
		text->n += (size_t)k;
		if (text->n > LIST_MAX)
			return err_set(e, ERR_LIMIT, "a list of more than %d bytes", LIST_MAX);
	}
	return 0;
}

int packlist_read(struct packlist *l, int fd, void (*fault)(const struct err *e, void *data),
		  void *data, struct err *e)
{
	struct buf text = { 0 };
	struct bytes rest, line;
	size_t number = 0, n_faults = 0;
	struct err why;
	int rc = read_all(fd, &text, e);

	rest = buf_bytes(&text);
	while (rc == 0 && rest.n && bytes_split(&rest, '\n', &line)) {
		number++;
		if (line.n == 0 || packlist_add(l, line, &why) == 0 || ++n_faults > FAULTS_SHOWN)
			continue;
		why.code = ERR_CORRUPT;
		err_wrap(&why, "line %zu of the list", number);
		fault(&why, data);
	}
	if (n_faults > FAULTS_SHOWN) {
		err_set(&why, ERR_CORRUPT, "%zu more %s", n_faults - FAULTS_SHOWN,
			num_word(n_faults - FAULTS_SHOWN, "line of the list is no pack",
				 "lines of the list are no packs"));
		fault(&why, data);
	}
	buf_release(&text);
	return rc;
}
