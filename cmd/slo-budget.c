/* slo-budget - error budgets of objectives: what is left, how fast it goes, and alerts on that. */
#include "cli/cli.h"
#include "cli/output.h"
#include "slo/ask.h"

struct args {
	struct cli *cli;
	struct slo_ask ask;
};

static void on_warning(void *cli, const struct err *e)
{
	cli_warn_once(cli, e);
}

static void on_fault(void *cli, const struct err *e)
{
	cli_report_fault(cli, e);
}

static int run(void *data, struct err *e)
{
	struct args *a = data;

	return slo_ask_run(&a->ask, a->cli->operand, (size_t)a->cli->n_operands, e);
}

int main(int argc, char **argv)
{
	struct args a = { .ask = { .warn = on_warning, .fault = on_fault } };
	struct cli cli = {
		.prog = "slo-budget",
		.operands = "[COMMAND] [SLOFILE]...",
		.about = "Say what is left of error budgets, and how fast it goes.",
		.verbs = slo_verbs,
		.taken = slo_options,
		.data = &a.ask.opts,
		.examples = "  slo-budget --target 99.9% --total 1000000 --bad 500\n"
			    "  slo-budget check --prometheus http://localhost:9090 slos.yaml\n"
			    "  slo-budget gate --min 0.99 --total 4100 --bad 12\n"
			    "  slo-budget simulate --target 99.9% --errors 6h:0,1h:2%,12h:0\n"
			    "  slo-budget rules slos.yaml > rules.yml",
	};

	a.cli = &cli;
	a.ask.data = &cli;
	slo_opts_init(&a.ask.opts);
	while (cli_next(&cli, argc, argv) != -1)
		; /* each is taken */
	cli_output_run(&cli, a.ask.opts.output, run, &a);
	slo_opts_release(&a.ask.opts);
	return cli_exit(&cli);
}
