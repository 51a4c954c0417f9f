#!/bin/sh
# store.sh - how fast stores are: a folder here, and S3 where its server is; see scripts/storebench.
exec "$(cd "$(dirname "$0")" && pwd -P)/../../scripts/storebench"
