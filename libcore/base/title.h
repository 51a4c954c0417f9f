/* What ps(1) and /proc/PID/cmdline show of this process. */
#ifndef BASE_TITLE_H
#define BASE_TITLE_H

/*
 * Shows the words in place of the arguments that main was called with, which are overwritten, as
 * far as they fit there and where the environment lay, which is copied to elsewhere. What getenv
 * has given before is not valid any more. Both end with NULL. Before there are other threads.
 */
void title_set(char **main_argv, char *const *words);

#endif
