#!/bin/sh
# A ring in an etcd that wants TLS, and certificates of those who ask.
. "${0%/*}/../lib/tap.sh"
. "$REPO/tests/lib/etcd.sh"
need openssl

"$SHARED/components/tls-make" certs >/dev/null 2>&1 || skip_all "no certificates: there is no $SHARED/components/tls-make"
etcd_start -T certs
RING=etcds://${ETCD#etcds://}/ring
ring() { ringctl --ring "$RING" --timeout 2s "$@"; }

ok "with a certificate it is taken" exits 0 ring --etcd-ca-file certs/ca.pem --etcd-cert-file certs/client.pem --etcd-key-file certs/client.key join i-1
ok "and read" exits 1 ring --etcd-ca-file certs/ca.pem --etcd-cert-file certs/client.pem --etcd-key-file certs/client.key status
ok "it has the instance" stdout_has i-1
ok "without a certificate it is not" exits 5 ring --etcd-ca-file certs/ca.pem join i-2
ok "a server that nobody vouches for is refused" exits 2 ring --etcd-cert-file certs/client.pem --etcd-key-file certs/client.key join i-2
ok "it is said so" stderr_has "certificate"
ok "a certificate without its key is exit 2" exits 2 ring --etcd-cert-file certs/client.pem join i-2
ok "it is said so" stderr_has "a certificate for etcd and its key go together"
ok "one for a place without TLS is exit 2" exits 2 ringctl --ring "etcd://${ETCD#etcds://}/ring" --etcd-ca-file certs/ca.pem status
ok "it is said so" stderr_has "certificates are for TLS, which etcds:// has"

done_testing
