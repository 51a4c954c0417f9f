/* Loki's own flags, as unit files and containers have them, said as lokid's options. */
#ifndef SERVER_LOKI_FLAGS_H
#define SERVER_LOKI_FLAGS_H

#include "base/arena.h"
#include "base/err.h"

/*
 * Rewrites argv[1..argc): "-config.file=F" is "--config=F", "-config.expand-env=true"
 * "--expand-env", "-verify-config" "--check-config", "-print-config-stderr" "--print-config",
 * "-log.level=L" "--log-level=L", "-server.http-listen-port=N" "--listen=:N", "-version" and
 * "-help" ours; "-target=all" is left out. One dash or two, a value behind '=' or in the next
 * argument. What is none of them stays. Returns the new argc. Errors: ERR_USAGE, a target that is
 * no whole Loki, another flag of Loki's.
 */
MUST_CHECK int loki_flags_rewrite(int argc, char **argv, struct arena *a, struct err *e);

#endif
