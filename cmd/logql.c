/* logql - ask a store, its write-ahead log, packs, or raw lines, in LogQL. */
#include <stdlib.h>

#include "base/heap.h"
#include "base/standby.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "prompt/prompt.h"
#include "query/ask_options.h"
#include "query/warm_up.h"
#include "time/time.h"

struct args {
	struct cli *cli;
	struct ask ask;
	struct store_stats stored;
};

/* A query may look at the same data several times. */
static void on_damage(void *cli, const struct err *e)
{
	cli_report_fault(cli, e);
}

static void on_warning(void *cli, const struct err *e)
{
	cli_warn_once(cli, e);
}

static void on_note(void *cli, const struct err *e)
{
	cli_note(cli, "%s", e->msg);
}

/* For --store-stats. */
static void say_store(const struct args *a)
{
	struct buf b = { 0 };

	store_stats_add(&a->stored, &b);
	cache_add_counts(&b, a->ask.q.source.cache);
	cli_note(a->cli, "%s", buf_str(&b));
	buf_release(&b);
}

static int answer(int argc, char **argv);

static int run(void *data, struct err *e)
{
	struct args *a = data;

	a->ask.color = cli_color(a->ask.color_when);
	if (a->ask.interactive)
		return prompt_run(&a->ask, a->cli, e);
	heap_for_one_task(false);
	return ask_run(&a->ask, a->cli->operand, (size_t)a->cli->n_operands, e);
}

/* Once more as if main had been called with what is given by then. */
static int stand_by(struct args *a, int argc, char **argv)
{
	struct err e;
	int status;

	if (a->cli->n_operands || argc != 3)
		cli_usage(a->cli, "option '--standby': only alone");
	if (standby_wait(a->ask.standby, query_warm_up, &argc, &argv, &e) == 0) {
		status = answer(argc, argv);
		free(argv);
		return status;
	}
	err_wrap(&e, "option '--standby'");
	if (e.code != ERR_AGAIN) /* else nobody needs it any more */
		cli_report(a->cli, &e);
	return err_exit_code(e.code);
}

static int answer(int argc, char **argv)
{
	struct args a = { .ask.q.source = { .now_ns = time_now_ns(),
					    .damage = on_damage,
					    .warn = on_warning,
					    .note = on_note } };
	struct cli cli = {
		.prog = "logql",
		.operands = "QUERY|COMMAND [OPERAND]... [FILE]...",
		.about = "Answer a LogQL query from a store, its log, packs, or raw lines.",
		.verbs = ask_verbs,
		.taken = ask_options,
		.data = &a.ask,
		.examples = "logql '{app=\"web\"} |= \"timeout\"'\n"
			    "logql '{} |= \"error\" | json | status >= 500' access.log.gz\n"
			    "logql 'sum by (level) (count_over_time({} | json [1m]))' < app.log"
	};
	struct err e;
	int status;

	a.cli = &cli;
	a.ask.q.source.damage_data = &cli;
	while (cli_next(&cli, argc, argv) != -1)
		; /* each is taken */
	if (a.ask.standby)
		return stand_by(&a, argc, argv);
	if (cli.n_operands == 0 && !a.ask.interactive && !a.ask.completeness.path)
		cli_usage(&cli, "no query given");
	if (ask_check_options(&a.ask, &e) < 0)
		cli_usage(&cli, "%s", e.msg);
	a.ask.q.source.cache = cache_opts_open(&a.ask.cache, &cli);
	a.ask.q.source.store_stats = &a.stored;
	cli_output_run(&cli, a.ask.interactive ? NULL : a.ask.output, run, &a);
	if (a.ask.say_store)
		say_store(&a);
	cache_close(a.ask.q.source.cache);
	status = cli_exit(&cli);
	gate_end(a.ask.q.source.gate, status);
	ask_release(&a.ask);
	return status;
}

int main(int argc, char **argv)
{
	return answer(argc, argv);
}
