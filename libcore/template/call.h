/* Words, fields and calls: what exec.c evaluates with. All give 0, or -1 with the message set. */
#ifndef TEMPLATE_CALL_H
#define TEMPLATE_CALL_H

#include "template/func.h"

/* exec.c */
MUST_CHECK int eval_pipe(struct template_run *r, const struct value *dot, const struct node *pipe,
			 struct value *ret);
MUST_CHECK int eval_variable(struct template_run *r, const struct node *word, struct value *ret);

/* call.c */
/* A literal, or the dot. */
MUST_CHECK int eval_literal(struct template_run *r, const struct value *dot,
			    const struct node *word, struct value *ret);

/* .a.b, $x.a, (pipe).a: word is the first of cmd (NULL: it is an argument); final is what came
 * through the pipeline, or NULL. */
MUST_CHECK int eval_fields(struct template_run *r, const struct value *dot, const struct node *word,
			   const struct node *cmd, const struct value *final, struct value *ret);

/* f with n arguments, from arg on, and final behind them unless it is NULL. receiver is what a
 * method belongs to, else NULL; node is what messages name. */
MUST_CHECK int eval_call(struct template_run *r, const struct value *dot, const struct func *f,
			 const struct value *receiver, const struct node *node,
			 const struct node *arg, size_t n, const struct value *final,
			 struct value *ret);

#endif
