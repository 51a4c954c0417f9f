#include "cost/ask_check.h"

#include <inttypes.h>

#include "cli/output.h"
#include "cost/claims.h"
#include "cost/inputs.h"
#include "json/json.h"
#include "report/table.h"

static int take_input(void *at, const char *value, struct err *e)
{
	static const char *const words[] = { "markdown", "csv", NULL };
	int *to = at;

	if (cli_read_word(value, words, to, e) < 0)
		return -1;
	++*to;
	return 0;
}

const struct cli_taken cost_check_options[] = {
	COST_BASE_OPTIONS("text|jsonl|csv", cost_take_table_format),
	{ { 0, "input", "markdown|csv", "what the documents are (csv when they are called so)" },
	  take_input,
	  offsetof(struct cost_check_opts, input) },
	{ { 0 }, NULL, 0 },
};

struct asked {
	const struct cost_check_opts *o;
	const char *file;
	uint64_t n_checked, n_found;
	struct table table; /* of CSV */
	struct buf out;
	struct arena mem;
};

static void on_found(const struct claims_finding *f, void *data)
{
	struct asked *x = data;

	switch (x->o->base.format) {
	case COST_JSONL:
		buf_add_str(&x->out, "{\"file\":");
		json_add_quoted(&x->out, bytes_str(x->file));
		buf_addf(&x->out, ",\"line\":%u,\"rule\":\"%s\",\"message\":", f->line, f->rule);
		json_add_quoted(&x->out, bytes_str(f->text));
		buf_add_str(&x->out, "}\n");
		break;
	case COST_CSV:
		table_addf(&x->table, "%s", x->file);
		table_addf(&x->table, "%u", f->line);
		table_addf(&x->table, "%s", f->rule);
		table_addf(&x->table, "%s", f->text);
		break;
	default:
		buf_addf(&x->out, "%s:%u: %s\n", x->file, f->line, f->text);
	}
}

static enum claims_form form_of(const struct asked *x, const char *name)
{
	size_t n = strlen(name);

	if (x->o->input)
		return (enum claims_form)(x->o->input - 1);
	return n > 4 && strcmp(name + n - 4, ".csv") == 0 ? CLAIMS_CSV : CLAIMS_MARKDOWN;
}

static int check_text(struct bytes text, const char *name, void *data, struct err *e)
{
	struct asked *x = data;
	struct claims_sink sink = { .found = on_found, .data = x };
	struct claims_doc d;
	int rc;

	if (text.n && memchr(text.p, '\0', text.n))
		return err_set(e, ERR_CORRUPT, "%s: it is no text", name);
	x->file = name;
	if (claims_read(text, form_of(x, name), name, &x->mem, &d, e) < 0)
		return -1;
	rc = claims_check(&d, &sink, e);
	claims_doc_release(&d);
	if (rc < 0)
		return err_wrap(e, "%s", name);
	x->n_checked += sink.n_checked;
	x->n_found += sink.n_found;
	return 0;
}

static void begin(struct asked *x)
{
	static const char *const names[] = { "file", "line", "rule", "message" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		table_column(&x->table, names[i], TABLE_LEFT);
}

int cost_ask_check(void *opts, char **operand, size_t n, struct err *e)
{
	struct asked x = { .o = opts };
	int rc;

	begin(&x);
	rc = cost_each_text(operand, n, &x.mem, check_text, &x, e);
	if (rc == 0 && x.o->base.format == COST_CSV)
		table_csv(&x.table, &x.out);
	if (rc == 0 && x.o->base.format == COST_TEXT)
		buf_addf(&x.out, "%" PRIu64 " of %" PRIu64 " relations do not hold\n", x.n_found,
			 x.n_checked);
	if (rc == 0)
		rc = cli_print(buf_bytes(&x.out), e);
	if (rc == 0 && x.n_checked == 0)
		cli_warn(x.o->base.cli, "nothing was checked: no total, product, period or "
					"statement was found that another could contradict");
	table_release(&x.table);
	buf_release(&x.out);
	arena_release(&x.mem);
	if (rc == 0 && x.n_found)
		return err_set(e, ERR_NO, "something does not follow");
	return rc;
}
