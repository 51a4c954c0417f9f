#include "prompt/prompt.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "prompt/command.h"
#include "prompt/reading.h"
#include "query/series.h"
#include "time/time.h"

/* --- words for Tab --------------------------------------------------------------------------- */

/* The last answer of the store, since Tab is pressed twice. */
struct words {
	const struct session *session;
	struct arena mem;
	struct buf key;
	struct bytes *v;
	size_t n;
	int64_t until_ns; /* of time_mono_ns */
};

enum { WORDS_SECONDS = 20 };

static void ignore(void *data, const struct err *e)
{
	(void)data;
	(void)e;
}

static int ask_words(struct words *w, struct bytes name, struct bytes selector, struct err *e)
{
	struct selectors sel = { 0 };
	struct buf text = { 0 };
	struct series_opts o;
	struct ask a;
	char *v[1];
	size_t n;
	int r = session_ask(w->session, QUERY_SERIES, &a, e);

	if (r < 0)
		return -1;
	a.q.source.damage = a.q.source.warn = a.q.source.note = ignore;
	if (ask_series_opts(&a, w->session->files, w->session->n_files, &o, &n, e) < 0)
		return -1;
	buf_addf(&text, "{%.*s}", BYTES_ARG(selector));
	buf_str(&text);
	v[0] = text.p;
	r = selectors_parse(v, selector.n > 0, LOGQL_ANY_SELECTOR, &sel, e);
	o.selector = sel.v;
	o.n_selectors = sel.n;
	if (r == 0)
		r = series_words(&o, name, &w->mem, &w->v, &w->n, e);
	selectors_release(&sel);
	buf_release(&text);
	return r;
}

static size_t fetch_words(void *data, struct bytes name, struct bytes selector,
			  const struct bytes **ret)
{
	struct words *w = data;
	struct buf key = { 0 };
	struct err ignored;

	buf_addf(&key, "%.*s{%.*s}", BYTES_ARG(name), BYTES_ARG(selector));
	if (!bytes_eq(buf_bytes(&key), buf_bytes(&w->key)) || time_mono_ns() > w->until_ns) {
		buf_reset(&w->key);
		arena_release(&w->mem);
		w->n = 0;
		if (ask_words(w, name, selector, &ignored) == 0) {
			buf_add_bytes(&w->key, buf_bytes(&key));
			w->until_ns = time_mono_ns() + WORDS_SECONDS * NS_PER_S;
		}
	}
	buf_release(&key);
	*ret = w->v;
	return w->n;
}

struct tab {
	const struct reading *input;
	struct words words;
};

static void on_tab(void *data, struct bytes before, unsigned cols, unsigned rows,
		   struct buf *ret_insert, struct buf *ret_show)
{
	struct tab *t = data;
	struct completions c = { 0 };
	struct buf text = { 0 };

	buf_add_bytes(&text, buf_bytes(&t->input->statement.text));
	if (text.n)
		buf_add_char(&text, '\n');
	buf_add_bytes(&text, before);
	if (bytes_starts(buf_bytes(&text), BYTES_LIT("\\")))
		command_complete(&c, buf_bytes(&text), fetch_words, &t->words);
	else
		complete_query(&c, buf_bytes(&text), fetch_words, &t->words);
	completions_common(&c, ret_insert);
	if (c.n > 1 && ret_insert->n == 0)
		completions_show(&c, cols, rows, ret_show);
	completions_release(&c);
	buf_release(&text);
}

/* --- the loop -------------------------------------------------------------------------------- */

static void report(struct session *s, struct reading *in, struct err *e)
{
	if (!in->edit)
		err_wrap(e, "line %zu", in->line);
	cli_report(s->cli, e);
}

static int answer_all(struct session *s, struct reading *in, struct err *e)
{
	enum statement_state state;
	struct err failure;

	while (!s->quit) {
		struct bytes text;

		if (reading_next(in, &state, e) < 0)
			return -1;
		if (state == STATEMENT_NONE)
			return 0;
		text = buf_bytes(&in->statement.text);
		interrupt_take(); /* of the time before */
		if (state == STATEMENT_COMMAND ? command_run(s, text, &failure) < 0
					       : session_query(s, text, &failure) < 0) {
			if (state != STATEMENT_COMMAND)
				command_hint(text, &failure);
			report(s, in, &failure);
		}
	}
	return 0;
}

static void greet(const struct session *s)
{
	struct buf b = { 0 };

	session_describe(s, &b);
	session_say(s, "logql: %s; \\? for help, \\q to leave", buf_str(&b));
	buf_release(&b);
}

/* What is asked, chosen once: stdin is never it. */
static int choose_sources(struct session *s, struct err *e)
{
	struct source_opts *o = &s->ask.q.source;
	struct stat st;

	for (size_t i = 0; i < s->n_files; i++) {
		if (strcmp(s->files[i], "-") == 0)
			return err_set(e, ERR_USAGE, "with -i statements are read from stdin");
		if (access(s->files[i], R_OK) < 0 || stat(s->files[i], &st) < 0)
			return err_sys(e, "'%s' (with -i operands are files)", s->files[i]);
		if (!S_ISREG(st.st_mode))
			return err_set(e, ERR_USAGE, "'%s' is no file, and each query reads it",
				       s->files[i]);
	}
	if (s->n_files || o->store || o->wal || sources_choose_default(o))
		return 0;
	return err_set(e, ERR_USAGE,
		       "nothing to ask: ./lokid-data is not there; name a FILE, "
		       "--store or --wal, or make it with lokid-ingest");
}

static void use_utf8(void)
{
	setlocale(LC_CTYPE, "");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

static int run_terminal(struct session *s, struct err *e)
{
	struct sigaction ignored = { .sa_handler = SIG_IGN }, before;
	const struct logql_opts parse = ask_parse_opts(&s->ask);
	FILE *out = isatty(STDOUT_FILENO) ? stdout : stderr;
	struct reading in;
	struct tab tab = { .input = &in, .words.session = s };
	struct edit *edit;
	int r;

	use_utf8();
	interrupt_block();
	sigaction(SIGPIPE, &ignored, &before);
	edit = edit_new(s->cli->prog, out, on_tab, &tab, e);
	if (!edit)
		return -1;
	if (!s->ask.q.has_limit) {
		uint64_t most = s->ask.q.limits.entries;

		s->ask.q.limit = most && most < PROMPT_LIMIT ? most : PROMPT_LIMIT;
		s->ask.q.has_limit = true;
	}
	greet(s);
	reading_init(&in, edit, &parse);
	r = answer_all(s, &in, e);
	reading_release(&in);
	edit_free(edit);
	buf_release(&tab.words.key);
	arena_release(&tab.words.mem);
	s->cli->failure = 0; /* it was seen */
	return r;
}

static int run_script(struct session *s, struct err *e)
{
	const struct logql_opts parse = ask_parse_opts(&s->ask);
	struct reading in;
	int r;

	reading_init(&in, NULL, &parse);
	r = answer_all(s, &in, e);
	reading_release(&in);
	return r;
}

int prompt_run(struct ask *a, struct cli *cli, struct err *e)
{
	struct session s = { .ask = *a,
			     .cli = cli,
			     .files = cli->operand,
			     .n_files = (size_t)cli->n_operands,
			     .page.terminal = isatty(STDOUT_FILENO) };
	int r;

	if (a->output)
		return err_set(e, ERR_USAGE, "option '--output': with -i that is \\o FILE");
	if (a->explain)
		return err_set(e, ERR_USAGE,
			       "options '--explain', '--analyze': with -i these are "
			       "\\explain and \\analyze");
	if (choose_sources(&s, e) < 0)
		return -1;
	s.terminal = isatty(STDIN_FILENO) && (s.page.terminal || isatty(STDERR_FILENO));
	s.page.no_pager = !s.terminal;
	r = s.terminal ? run_terminal(&s, e) : run_script(&s, e);
	session_release(&s);
	return r;
}
