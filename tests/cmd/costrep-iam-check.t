#!/bin/sh
# costrep iam-check: what it says of policies; what counts as granted: unit/iam.c, property-iam.c.
. "${0%/*}/../lib/tap.sh"

# As two deployments have it, one rendered from a template, one not.
cat >full.json <<'EOF'
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Bucket",
      "Effect": "Allow",
      "Action": ["s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:ListBucket"],
      "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"]
    }
  ]
}
EOF
sed 's/:::logs/:::${bucket_name}/g' full.json >template.json
sed 's/"s3:DeleteObject", //' full.json >keep.json
sed 's/"s3:PutObject", //' full.json >read.json
sed 's/"s3:ListBucket"/"s3:ListAllMyBuckets"/' full.json >blind.json

ok "all that is needed is exit 0" exits 0 costrep iam-check full.json
ok "and said" stdout_has "bucket 'logs': all that lokid needs is granted"
ok "each action has a row" stdout_matches '^s3:DeleteObject +arn:aws:s3:::logs/\* +retention +yes +granted$'
ok "what is of use, and not needed, too" stdout_matches '^s3:AbortMultipartUpload .* no +missing'
ok "a template that was not filled in names a bucket, too" exits 0 costrep iam-check template.json
ok "but it is said that AWS has none of that name" stderr_is "costrep: warning: bucket '\${bucket_name}': a template's variable, which was not filled in, stands for it; AWS knows no such bucket"
ok "stdin is read" exits 0 sh -c 'costrep iam-check <full.json'

ok "without PutObject it is exit 1" exits 1 costrep iam-check read.json
ok "which is named" stdout_has "missing: s3:PutObject on arn:aws:s3:::logs/*"
ok "alone" sh -c '[ "$(grep -c ^missing: "$0")" = 1 ]' "$TAP/stdout"
ok "nothing is said beside" stderr_is ""
ok "without ListBucket, too" exits 1 costrep iam-check blind.json
ok "on the bucket" stdout_has "missing: s3:ListBucket on arn:aws:s3:::logs"
ok "without DeleteObject, too" exits 1 costrep iam-check keep.json
ok "which is named" stdout_has "missing: s3:DeleteObject on arn:aws:s3:::logs/*"
ok "unless nothing is to be deleted" exits 0 costrep iam-check --for read,write keep.json
ok "a reader needs less" exits 0 costrep iam-check --for read read.json
ok "uploads and rules of the bucket take more" exits 1 costrep iam-check --for uploads,lifecycle full.json
ok "four of them" sh -c '[ "$(grep -c ^missing: "$0")" = 4 ]' "$TAP/stdout"

ok "another bucket has nothing" exits 1 costrep iam-check --bucket other full.json
ok "three of them on its objects" sh -c '[ "$(grep -c "^missing: .*:::other/" "$0")" = 3 ]' "$TAP/stdout"
ok "a URL of a store names bucket and prefix" exits 1 costrep iam-check --bucket 's3://other/prod?region=eu-1' full.json
ok "both are asked for" stdout_has "missing: s3:GetObject on arn:aws:s3:::other/prod/*"
ok "an ARN names the partition" exits 1 costrep iam-check --bucket arn:aws-cn:s3:::logs full.json
ok "which is asked for" stdout_has "missing: s3:GetObject on arn:aws-cn:s3:::logs/*"

sed 's,:::logs/\*,:::logs/prod/*,' full.json >prod.json
ok "only below a prefix it is exit 1" exits 1 costrep iam-check prod.json
ok "a name is given on which it is not granted" stdout_has "granted on others, not on 'arn:aws:s3:::logs/x': no statement allows it"
ok "with the prefix it is exit 0" exits 0 costrep iam-check --prefix prod prod.json
ok "whether it ends in a slash or not" exits 0 costrep iam-check --prefix prod/ prod.json

echo '{"Statement":{"Sid":"NotFromThere","Effect":"Deny","Action":"s3:Delete*","Resource":"*"}}' >deny.json
echo '{"Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}}' >tls.json
ok "files count together: a Deny of another file" exits 1 costrep iam-check full.json deny.json
ok "the statement is named" stdout_has "denied by statement 'NotFromThere' (deny.json:1)"
ok "what each of two grants adds up" exits 0 costrep iam-check read.json keep.json
ok "a Deny with a Condition is exit 0" exits 0 costrep iam-check full.json tls.json
ok "with a warning" stderr_has "warning: s3:GetObject: on 'arn:aws:s3:::logs/x' denied perhaps by statement 1 (tls.json:1): as its Condition"
sed 's/"Effect": "Allow",/"Effect": "Allow", "Condition": {"IpAddress":{"aws:SourceIp":"10.0.0.0\/8"}},/' full.json >perhaps.json
ok "an Allow with a Condition does not count" exits 1 costrep iam-check perhaps.json
ok "and is told as such" stdout_matches "^s3:GetObject .* perhaps +on .* only by statement 'Bucket' \(perhaps.json:4\): as its Condition is fulfilled or not"
ok "nor is it said to be missing without that" stdout_has "missing, perhaps: s3:GetObject on arn:aws:s3:::logs/* is granted only by statement 'Bucket' (perhaps.json:4): as its Condition is fulfilled or not"
for who in '"*"' '{"AWS":"*"}' '{"AWS":["arn:aws:iam::7:root","*"]}'; do
	sed "s|\"Effect\": \"Allow\",|\"Effect\": \"Allow\", \"Principal\": $who,|" full.json >who.json
	ok "an Allow for everybody ($who) counts" exits 0 costrep iam-check who.json
done
sed 's|"Effect": "Allow",|"Effect": "Allow", "Principal": {"AWS":"arn:aws:iam::7:root"},|' full.json >who.json
ok "one for somebody may be for another" exits 1 costrep iam-check who.json
ok "and is told as such" stdout_has "only by statement 'Bucket' (who.json:4): as its Principal is fulfilled or not"

# listing EFFECT CONDITION: a statement about s3:ListBucket of 'logs' beside grants of objects below lokid/
listing() {
	printf '{"Version":"2012-10-17","Statement":[%s,%s,{"Effect":"%s","Action":"s3:ListBucket","Resource":"arn:aws:s3:::logs","Condition":{%s}}]}' \
		'{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:DeleteObject"],"Resource":"arn:aws:s3:::logs/lokid/*"}' \
		'{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::'"$3"'"}' "$1" "$2" >listing.json
}
for condition in '"StringLike":{"s3:prefix":"lokid/*"}' '"StringLike":{"s3:prefix":["","lokid/*"]}' '"StringNotLike":{"s3:prefix":["a*","lokid"]}'; do
	listing Allow "$condition" other
	ok "$condition grants listings there" exits 0 costrep iam-check --bucket s3://logs/lokid listing.json
	ok "$condition is no perhaps" stdout_matches "^s3:ListBucket .* yes +granted$"
	ok "$condition grants no others" exits 1 costrep iam-check --bucket s3://logs/prod listing.json
done
listing Allow '"StringLike":{"s3:prefix":"lokid/*"}' other
ok "without a prefix lokid lists all names" exits 1 costrep iam-check --bucket logs listing.json
ok "of some it may" stdout_has "granted for others, not for names that begin with '': no statement allows it"
ok "as objects" exits 1 costrep iam-check -o jsonl --bucket logs listing.json
ok "with what is listed" stdout_has '"state":"missing","on":"arn:aws:s3:::logs","listing":""}'
for condition in '"StringEquals":{"s3:prefix":"lokid/"}' '"StringLike":{"s3:prefix":"lokid/a*"}'; do
	listing Allow "$condition" other
	ok "$condition is too little" exits 1 costrep iam-check --bucket s3://logs/lokid listing.json
	ok "$condition: a name is given" stdout_has "granted for others, not for names that begin with 'lokid/"
done
for condition in '"StringLike":{"s3:prefix":"lokid/*","s3:delimiter":"/"}' '"StringLike":{"s3:delimiter":"/"}' \
	'"StringLike":{"s3:prefix":"lokid/*"},"Bool":{"aws:SecureTransport":"true"}' '"StringLike":{"s3:prefix":"${aws:username}/*"}' \
	'"StringEquals":{"s3:prefix":"${aws:username}/"}' '"StringLike":{"s3:prefix":[]}' '"StringLike":{"s3:prefix":[7]}'; do
	listing Allow "$condition" other
	ok "$condition may be fulfilled or not" exits 1 costrep iam-check --bucket s3://logs/lokid listing.json
	ok "$condition: perhaps" stdout_matches "^s3:ListBucket .* yes +perhaps"
done
listing Deny '"StringNotLike":{"s3:prefix":"lokid/*"}' logs
ok "a Deny of all other listings denies none of these" exits 0 costrep iam-check --bucket s3://logs/lokid listing.json
ok "without a warning" stderr_is ""
ok "but others" exits 1 costrep iam-check --bucket s3://logs/prod listing.json
ok "by its statement" stdout_has "missing: s3:ListBucket"
ok "which is named" stdout_has "denied by statement 3 (listing.json:1)"

ok "as objects" exits 1 costrep iam-check -o jsonl read.json
ok "one for each action" stdout_lines 8
ok "with its statement" stdout_has '{"action":"s3:GetObject","resource":"arn:aws:s3:::logs/*","for":"read","required":true,"granted":true,"state":"granted","file":"read.json","line":4,"statement":1,"sid":"Bucket"}'
ok "and what is missing" stdout_has '{"action":"s3:PutObject","resource":"arn:aws:s3:::logs/*","for":"write","required":true,"granted":false,"state":"missing","on":"arn:aws:s3:::logs/x"}'
ok "as CSV" exits 1 costrep iam-check -o csv read.json
ok "with a header" stdout_has "action,resource,for,required,state,why"

echo '{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::logs-*"}}' >pattern.json
allow='{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::logs*"}}'
printf '{"PolicyVersion":{"VersionId":"v1","Document":%s},"RolePolicyList":[{"PolicyName":"no","PolicyDocument":%s}]}' \
	"$allow" "$(cat deny.json)" >beside.json
ok "a document beside another counts" exits 1 costrep iam-check beside.json
ok "as what it is" stdout_has "denied by statement 'NotFromThere' (beside.json:1)"
echo "{\"Document\":$allow,\"Statment\":[{\"Effect\":\"Deny\"}]}" >beside.json
ok "what is like one is exit 3" exits 3 costrep iam-check beside.json
ok "and named" stderr_matches "beside.json:1:[0-9]+: unknown element 'Statment'"
echo "{\"RoleName\":\"lokid\",\"Tags\":[],\"RolePolicyList\":[{\"PolicyName\":\"s3\",\"PolicyDocument\":$allow}]}" >beside.json
ok "what is known to be none is passed over" exits 0 costrep iam-check --bucket logs beside.json

# What an account has, as one object: users, groups, roles, policies with their versions.
trust='{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}'
role="{\"RoleName\":\"lokid\",\"AssumeRolePolicyDocument\":$trust,\"InstanceProfileList\":[],\"RolePolicyList\":[{\"PolicyName\":\"s3\",\"PolicyDocument\":$allow}],\"AttachedManagedPolicies\":[]}"
user='{"UserName":"ann","GroupList":["ops"],"AttachedManagedPolicies":[{"PolicyName":"p","PolicyArn":"arn:aws:iam::1:policy/p"}]}'
# versions OLD NEW: of a policy, of which the second one is the default
versions() {
	printf '"PolicyVersionList":[{"Document":%s,"VersionId":"v1","IsDefaultVersion":false},{"Document":%s,"VersionId":"v2","IsDefaultVersion":true}]' "$1" "$2"
}
account() {
	printf '{"UserDetailList":[%s],"GroupDetailList":[],"RoleDetailList":[%s],"Policies":[{"PolicyName":"p",%s}],"IsTruncated":false}' "$user" "$1" "$2" >account.json
}
deny=$(cat deny.json)
for text in "{\"UserDetailList\":[$user],\"GroupDetailList\":[],\"RoleDetailList\":[$role],\"Policies\":[]}" \
	"{\"Policies\":[{\"PolicyVersionList\":[{\"Document\":$allow}]}]}" "{\"RoleDetailList\":[$role]}" \
	"{\"PolicyVersionList\":[{\"Document\":$allow}]}" \
	"{\"UserDetailList\":[{\"UserPolicyList\":[{\"PolicyDocument\":$allow}]}]}" \
	"{\"GroupDetailList\":[{\"GroupPolicyList\":[{\"PolicyDocument\":$allow}]}]}"; do
	echo "$text" >account.json
	ok "$text: exit 0" exits 0 costrep iam-check --bucket logs account.json
done
account "$role" "$(versions "$deny" "$allow")"
ok "a version that is not the default one does not count" exits 0 costrep iam-check --bucket logs account.json
account "$role" "$(versions "$allow" "$deny")"
ok "the default one does" exits 1 costrep iam-check --bucket logs account.json
ok "beside those of the role" stdout_has "denied by statement 'NotFromThere' (account.json:1)"
account '{"Rolename":{}}' "$(versions "$allow" "$allow")"
ok "what is like something in a role is exit 3" exits 3 costrep iam-check --bucket logs account.json
ok "and named" stderr_has "unknown element 'Rolename'"
for text in '[]' '{"RoleDetailList":[],"Policies":[]}' '{"Policies":[{"PolicyName":"p"}]}'; do
	echo "$text" >account.json
	ok "no policy in $text is exit 3" exits 3 costrep iam-check account.json
	ok "and said" stderr_has "account.json: there is no policy in it"
done
echo '{"Statement":{"Effect":"Allow","Action":"*","Resource":["arn:aws:s3:::logs","a*"]}}' >resource.json
ok "a resource that is no ARN is exit 3" exits 3 costrep iam-check resource.json
ok "and named" stderr_has "resource.json:1: statement 1: expected as a resource * or an ARN as arn:aws:s3:::logs/*, found 'a*'"
ok "a pattern stands for one of its buckets" exits 0 costrep iam-check pattern.json
ok "which is said" stdout_has "bucket 'logs-example' (one that the policy's patterns name)"
echo '{"Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:eu-1:7:q"}}' >other.json
ok "no bucket at all is exit 2" exits 2 costrep iam-check other.json
ok "and what to do is said" stderr_has "no resource is a bucket: name it with --bucket"

awk 'BEGIN {
	printf "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":["
	for (i = 0; i < 65; i++)
		printf "%s\"arn:aws:s3:::b%d\",\"arn:aws:s3:::b%d/*\"", i ? "," : "", i, i
	print "]}}"
}' >buckets.json
ok "more than 64 buckets are exit 3" exits 3 costrep iam-check buckets.json
ok "and what to do is said" stderr_has "the policies name more than 64 buckets: name one with --bucket"
ok "then they are fine" exits 0 costrep iam-check --bucket b64 buckets.json
ok "64 are taken" exits 0 sh -c "sed 's/b64/b63/g' buckets.json | costrep iam-check"
ok "broken JSON is exit 3" exits 3 sh -c 'head -c 120 full.json | costrep iam-check'
ok "with its place" stderr_is "costrep: error: stdin:7:18: a string that does not end"
sed 's/"Allow"/"Permit"/' full.json >wrong.json
ok "so is a wrong element" exits 3 costrep iam-check wrong.json
ok "with place and field" stderr_has "wrong.json:6:17: statement 1: 'Effect': expected Allow or Deny, found 'Permit'"
ok "a file that is not there is exit 4" exits 4 costrep iam-check missing.json
ok "what is no purpose is exit 2" exits 2 costrep iam-check --for reading full.json
ok "those there are are named" stderr_has "option '--for': expected read, write, retention, uploads or lifecycle"
ok "what is no bucket is exit 2" exits 2 costrep iam-check --bucket a/b full.json
ok "and is said" stderr_has "expected a bucket, as logs"

done_testing
