package mask_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/mask"
)

func newMasker() *mask.Masker { return mask.New([]byte("a key for tests")) }

func TestTheHashTellsSecretsApartAndNotWhatTheyAre(t *testing.T) {
	t.Parallel()
	m, other := newMasker(), mask.New([]byte("another key"))
	got := []string{m.Hash("hunter2"), m.Hash("hunter2"), m.Hash("hunter3"), other.Hash("hunter2")}
	if diff := cmp.Diff([]string{"••1525", "••1525", "••f073", "••f8ba"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if a, b := mask.NewKey(), mask.NewKey(); len(a) != 32 || string(a) == string(b) {
		t.Errorf("keys %x and %x", a, b)
	}
}

func TestNamesOfSecretsAreKnownHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	for name := range strings.FieldsSeq(`password passwd pwd pass PASS dbPassword db_password DB-PASSWORD dbpassword MYSQL_ROOT_PASSWORD
		secret clientSecret client-secret CLIENT_SECRET secretKey secret_key secretkey token accessToken access_token authtoken tokens
		apiKey api-key api_key APIKEY APIKey X-Api-Key accessKey access_key_id awsSecretAccessKey privateKey private.key tls.private_key
		credential credentials creds userCredentials dsn mysqlDsn connectionString connection-string connStr passphrase encryptionKey
		signing_key AccountKey SharedAccessKey spring.datasource.password secrets.db api.key password2 password_1 oauth2Token passwordHash
		secret_id kms.secret-arn 密码 数据库密码 pin smtp.pass jwt.secret wifiPsk vault.token.value token_value`) {
		if !mask.IsSecretName(name) {
			t.Errorf("%s is not known", name)
		}
	}
	for name := range strings.FieldsSeq(`key keyspace keys keyboard monkey order.key primary_key partitionKey publicKey routing-key cacheKey
		token_bucket tokenBucket max_tokens maxTokens tokenizer secretariat secretName secretKeyRef passwordFile password_min_length
		token_ttl tokenUrl token-uri compass bypass passThrough proxy_pass user username host port url author authority
		token-service.db.pool.max secret-manager.region key-vault.name imagePullSecrets passwordless passenger passed description
		keystore keystore.location pinned dsnames certificate`) {
		if mask.IsSecretName(name) {
			t.Errorf("%s is taken for a secret", name)
		}
	}
}

func TestWhatIsMaskedOfAValue(t *testing.T) {
	t.Parallel()
	m := newMasker()
	h := m.Hash
	for _, c := range []struct{ name, value, want string }{
		{"password", "hunter2", h("hunter2")},
		{"password", "", ""},
		{"password", "${DB_PASSWORD}", "${DB_PASSWORD}"},
		{"password", "${DB_PASSWORD:}", "${DB_PASSWORD:}"},
		{"password", "${DB_PASSWORD:hunter2}", h("${DB_PASSWORD:hunter2}")},
		{"password", "{{ .Values.password }}", "{{ .Values.password }}"},
		{"password", "true", "true"},
		{"token.enabled", "false", "false"},
		{"cors.credentials", "true", "true"},
		{"password", "True", h("True")},
		{"password", "yes", h("yes")},
		{"password", "0", h("0")},
		{"password", "true1", h("true1")},
		{"password", "••3f9a", "••3f9a"},
		{"password", "••3f9a too", h("••3f9a too")},
		{"token.ttl", "30m", "30m"},
		{"token.ttl", "hunter2hunter2", h("hunter2hunter2")},
		{"secrets.webhook.url", "https://x/y", h("https://x/y")},
		{"key", "order", "order"},
		{"key", "9f86d081884c7d659a2f", h("9f86d081884c7d659a2f")},
		{"url", "postgres://bob:hunter2@db:5432/x", "postgres://bob:" + h("hunter2") + "@db:5432/x"},
		{"url", "redis://:hunter2@db", "redis://:" + h("hunter2") + "@db"},
		{"dsn", "bob:hunter2@tcp(db:3306)/x", "bob:" + h("hunter2") + "@tcp(db:3306)/x"},
		{"dsn", "host=db password=hunter2 dbname=x", "host=db password=" + h("hunter2") + " dbname=x"},
		{"dsn", "hunter2", h("hunter2")},
		{"header", "Bearer abc123def", "Bearer " + h("abc123def")},
		{"note", "AKIAIOSFODNN7EXAMPLE", h("AKIAIOSFODNN7EXAMPLE")},
		{"note", "x eyJhbGciOiJIUzI1NiJ9.e30.abc y", "x " + h("eyJhbGciOiJIUzI1NiJ9.e30.abc") + " y"},
	} {
		got, masked := m.Value(c.name, c.value)
		if got != c.want || masked != (c.want != c.value || strings.HasPrefix(c.value, "••3f9a")) {
			t.Errorf("Value(%q, %q) = %q, %v; want %q", c.name, c.value, got, masked, c.want)
		}
	}
}

// TestHarmlessTextStaysReadable: a mask that hides what people look for is
// switched off.
func TestHarmlessTextStaysReadable(t *testing.T) {
	t.Parallel()
	m := newMasker()
	for line := range strings.Lines(harmless) {
		line = strings.TrimSuffix(line, "\n")
		if got := m.Text(line); got != line {
			t.Errorf("Text(%q) = %q", line, got)
		}
	}
	if got := m.Text(harmless); got != harmless {
		t.Errorf("as one text:\n%s", cmp.Diff(harmless, got))
	}
}

const harmless = `server.port: 8080
key: order
key: payment.limits.daily
keyspace: orders
primary_key: id
partitionKey: customer-2024-01
routing.key = orders.created
cacheKey: "user:{id}"
publicKey: MCowBQYDK2VwAyEA
max_tokens: 4096
"max_tokens": 4096,
token_bucket: {capacity: 100, refill: 10}
tokenTtl: 3600
token_url: https://login.example.com/oauth2/token
secretName: order-db
secretKeyRef: {name: order-db, key: url}
passwordFile: /run/secrets/db
password: ${DB_PASSWORD}
password: $(DB_PASSWORD)
password: ""
password: {{ .Values.db.password }}
"password": null,
"credentials": true,
cors.credentials=false
--credentials true --x
password_min_length: 12
passwordEncoder: bcrypt
proxy_pass http://backend:8080;
secretariat: third floor
compass: north
url: https://api.example.com:8443/v1?page=2&sort=name
url: postgres://app@db:5432/orders?sslmode=require
http://host:8080/@scope/package@1.2.3
git@github.com:org/repo.git
mailto:joe@example.com
image: registry.example.com/team/app:1.2.3@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
id: 550e8400-e29b-41d4-a716-446655440000
revision: da39a3ee5e6b4b0d3255bfef95601890afd80709
arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf
kms: arn:aws:kms:eu-west-1:123456789012:key/1234abcd
class: org.springframework.security.crypto.password.PasswordEncoder
Basic configuration of the bearer channel
the token is expired
your password is required
acl token: not found
read secret: permission denied
invalid character 'x' looking for beginning of value
consul 127.0.0.1:8500: connection refused
time: 2024-01-02T12:30:45Z
schedule: "0 */5 * * * *"
timeout: 30s
author: bob
description: The key to success
spring.application.name=order
management.endpoints.web.exposure.include=health,info
jdbc:mysql://db:3306/orders?useSSL=true&serverTimezone=UTC
regex: ^[a-z]+:[0-9]{2,5}$
mongodb://h1:27017,h2:27017/db?replicaSet=rs0
cost: $5.00 to $10.00
sk: slovak
routes: [{name: checkout, timeout: 1s}]
--port 8080 --token-file /etc/token
limit.qps 100
名称: 订单
`

func TestTextMasksBlocksWhole(t *testing.T) {
	t.Parallel()
	m := newMasker()
	for _, c := range []struct{ text, want string }{
		{"password: |\n  a\n  b\nx: 1\n", "password: H\nx: 1\n"},
		{"a:\n  token:\n    x: 1\n    y: 2\n  b: 2\n", "a:\n  token:\n    H\n  b: 2\n"},
		{"tokens:\n- a\n- b\nx: 1", "tokens:\nH\nx: 1"},
		{`{"tokens": ["a", {"b": "]"}], "x": 1}`, `{"tokens": "H", "x": 1}`},
		{"[credentials]\na = 1\nb = 2\n\n[x]\na = 1\n", "[credentials]\nH\n\n[x]\na = 1\n"},
		{"k: |\n  -----BEGIN EC PRIVATE KEY-----\n  MHcC\n  -----END EC PRIVATE KEY-----\nx: 1", "k: |\n  H\nx: 1"},
		{"-----BEGIN CERTIFICATE-----\nMIIB\n-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", "H"},
		{"password = \"\"\"\na\nb\"\"\"\nx = 1", "password = \"\"\"H\"\"\"\nx = 1"},
		{"password=a\\\n  b\nx=1", "password=H\nx=1"},
		{"password={noop}hunter2\nx=1", "password=H\nx=1"},
		{"password: 'it's me'\nx: 1", "password: H\nx: 1"},
		{"credentials: true\npassword: x", "credentials: true\npassword: H"},
		{"password: true\n  story\nx: 1", "password: H\nx: 1"},
		{"base: &p a\nx: &q b\ndb: {\"password\": *p}", "base: H\nx: &q b\ndb: {\"password\": \"H\"}"},
		{"token: *p\nbase: &p\n  a: 1\nx: 1", "token: H\nbase: H\nx: 1"},
		{"base: &p a\nx: &q {y: *p}\ndb:\n  credentials:\n    - z: *q\n", "base: H\nx: H\ndb:\n  credentials:\n    H\n"},
		{"ttl: &p 30m\ntoken_ttl: *p", "ttl: &p 30m\ntoken_ttl: *p"},
		{`{"pin": 1234, "x": true}`, `{"pin": "H", "x": true}`},
		{"- name: DB_PASSWORD\n  value: a\n- name: X\n  value: b", "- name: DB_PASSWORD\n  value: H\n- name: X\n  value: b"},
		{"- value: a\n  name: DB_PASSWORD\n- value: b\n  name: X", "- value: H\n  name: DB_PASSWORD\n- value: b\n  name: X"},
		{"machine x login bob password hunter2", "machine x login bob password H"},
	} {
		got := m.Text(c.text)
		if plain := hashes.ReplaceAllString(got, "H"); plain != c.want {
			t.Errorf("Text(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}
