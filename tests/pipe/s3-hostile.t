#!/bin/sh
# Servers that answer for ever: a connection that drips, and a listing without an end, are given up.
. "${0%/*}/../lib/tap.sh"
need python3
export AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3

cat >server.py <<'END'
import http.server, sys, time, urllib.parse

class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        query = urllib.parse.parse_qs(url.query)
        if url.path.endswith('/~lokid/format'):
            return self.say('lokid store 1\n')
        if 'uploads' in url.query:
            return self.uploads(query)
        if 'list-type' in query and url.path.startswith('/uploads'):
            return self.say('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>')
        if 'list-type' not in query and not url.path.startswith('/drips'):
            return self.send_error(404)
        (self.drip if url.path.startswith('/drips') else self.page)(query)

    def uploads(self, query):
        n = int(query.get('key-marker', ['0'])[0])
        self.say('<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>%d</NextKeyMarker>'
                 '</ListMultipartUploadsResult>' % (n + 1))

    def page(self, query):
        n = int(query.get('continuation-token', ['0'])[0])
        prefix = query.get('prefix', [''])[0]
        folder = '<CommonPrefixes><Prefix>%st%08d/</Prefix></CommonPrefixes>' % (prefix, n)
        text = ('<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>%d</NextContinuationToken>'
                '%s</ListBucketResult>' % (n + 1, folder if 'delimiter' in query else ''))
        self.say(text)

    def say(self, text):
        text = text.encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def drip(self, query):
        self.send_response(200)
        self.send_header('Content-Length', '100000')
        self.end_headers()
        try:
            while True:
                self.wfile.write(b'  ')
                time.sleep(0.2)
        except OSError:
            pass

    def log_message(self, *a):
        pass

server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Server)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
END
spawn python3 server.py >port
wait_for 10 [ -s port ] || bail "the server starts"
at="endpoint=http://127.0.0.1:$(cat port)&region=x&path-style=1&tries=1&timeout=2s"

ok "a server that drips is given up" exits 5 timeout 60 logql --store "s3://drips/x?$at" '{a="b"}'
ok "and that is said" stderr_has "s3://drips/x"
ok "a listing that does not end is no listing" exits 4 timeout 60 logql --store "s3://endless/x?$at" '{a="b"}'
ok "and that is said" stderr_has "the server's listing does not come to an end"
ok "nor is one of uploads" exits 4 timeout 60 idxbuild --fsck --store "s3://uploads/x?$at"
ok "and that is said" stderr_has "the server's listing does not come to an end"

done_testing
