/* costrep - what storing logs costs, and what it would cost. */
#include "cli/cli.h"
#include "cli/output.h"
#include "cost/ask.h"
#include "time/time.h"

/* The options of the verb that is given. */
static struct cost_base *base_of(const struct cli *c)
{
	size_t at = cost_verb_options[c->verb - cost_verbs].at;

	return (struct cost_base *)(void *)((char *)c->data + at);
}

static int run(void *data, struct err *e)
{
	struct cli *c = data;

	return c->verb->run(base_of(c), c->operand, (size_t)c->n_operands, e);
}

int main(int argc, char **argv)
{
	struct cost_ask ask = { 0 };
	struct cli cli = {
		.prog = "costrep",
		.operands = "[OPERAND]...",
		.about = "Add up what storing logs costs, say when it is too much, and plan it.",
		.verbs = cost_verbs,
		.verb_options = cost_verb_options,
		.data = &ask,
		.examples = "costrep report costs.jsonl\n"
			    "costrep report --help",
	};
	struct cost_base *base;

	while (cli_next(&cli, argc, argv) != -1)
		; /* each is taken */
	base = base_of(&cli);
	base->cli = &cli;
	base->now_ns = time_now_ns();
	cli_output_run(&cli, base->output, run, &cli);
	if (base->after)
		base->after(base);
	return cli_exit(&cli);
}
