# Everything here needs Go alone, but for the targets about the join page (Node),
# its tests (Chromium, and Firefox with "make firefox-driver"), the MCP clients of
# others (Node, "make clients") and the scripts that call the HTTP APIs (curl);
# tests are skipped without. CI calls the same targets.
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  ?= $(shell git rev-parse --short HEAD 2>/dev/null)
BUILD   := roomkey/cmd/roomkey/internal/build
LDFLAGS := -s -w -X $(BUILD).version=$(VERSION) -X $(BUILD).commit=$(COMMIT)
LINTER  := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

export CGO_ENABLED ?= 0

.PHONY: run build test race lint fuzz golden clients page page-check firefox-driver pictures bench bench-short tidy clean

run: build ## build, start, and say what to paste into a client
	./bin/roomkey serve

build: ## bin/roomkey
	$(GO) build -buildvcs=false -trimpath -ldflags "$(LDFLAGS)" -o bin/roomkey ./cmd/roomkey

# These come last and alone: browsers, and participants whose patience is
# measured, need the machine to themselves. e2e runs the program as it is built,
# in processes of its own: the race detector does not see it there, nor does
# go test know when its result is old.
PAGE_TESTS  = ./web/pagetest
E2E_TESTS   = ./e2e
OTHER_TESTS = $(shell $(GO) list ./... | grep -v -e /web/pagetest -e /e2e)

test: ## all tests, with a real LiveKit in process and real participants
	$(GO) test $(TESTFLAGS) $(OTHER_TESTS)
	$(GO) test -count=1 -timeout 20m $(TESTFLAGS) $(E2E_TESTS)
	$(GO) test $(TESTFLAGS) $(PAGE_TESTS)
	cd bench && $(GO) test $(TESTFLAGS) ./...

race: export GORACE = suppressions=$(CURDIR)/livekit/livekittest/races.txt
race: ## the same under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race $(TESTFLAGS) $(OTHER_TESTS)
	CGO_ENABLED=1 $(GO) test -race -timeout 20m $(TESTFLAGS) $(PAGE_TESTS)
	cd bench && CGO_ENABLED=1 $(GO) test -race $(TESTFLAGS) ./...

lint: bin/golangci-lint ## go vet and golangci-lint
	$(GO) vet ./...
	./bin/golangci-lint run ./...
	cd bench && $(GO) vet ./...

bin/golangci-lint:
	GOBIN=$(CURDIR)/bin $(GO) install $(LINTER)

fuzz: ## a minute for each fuzz target
	$(GO) test ./meet -fuzz FuzzParseCode -fuzztime 1m
	$(GO) test ./auth -fuzz FuzzVerify -fuzztime 1m
	$(GO) test ./tools -fuzz FuzzArguments -fuzztime 1m
	$(GO) test ./tools -fuzz FuzzMessage -fuzztime 1m
	$(GO) test ./web -fuzz FuzzExchange -fuzztime 1m
	$(GO) test ./web -fuzz 'FuzzRooms$$' -fuzztime 1m
	$(GO) test ./web -fuzz FuzzRoomCodes -fuzztime 1m
	$(GO) test ./cmd/roomkey/internal/config -fuzz FuzzConfig -fuzztime 1m

golden: ## rewrite the golden files; read the diff
	$(GO) test ./meet ./tools ./livekit -update

clients: ## install the MCP clients that the tests of cmd/roomkey try (needs Node 20 or newer)
	cd cmd/roomkey/testdata/clients && npm ci --ignore-scripts --no-audit --no-fund

page: ## rebuild the join page from its source (needs Node 20.19 or newer)
	cd web/page && npm ci && npm run build

page-check: page ## test the page's own logic, and that what is committed is what its source gives
	cd web/page && npm test
	git diff --exit-code --stat -- web/page/dist
	test -z "$$(git status --porcelain -- web/page/dist)"

firefox-driver: ## what the tests drive Firefox with (needs Node 20.19 or newer)
	cd web/pagetest/firefox && npm ci

pictures: ## take the pictures of the join page in docs/pictures (needs Chromium and Firefox)
	$(GO) test ./web/pagetest -count=1 -run 'TestLooks|TestFirefoxAndChromium/with_the_defaults' -pictures ../../docs/pictures

bench: build ## measure against the named peers; figures for docs/performance.md
	cd bench && $(GO) run .

bench-short: build
	cd bench && $(GO) run . -short

tidy: # -e: a test dependency of a dependency cannot be had everywhere
	$(GO) mod tidy -e

clean:
	rm -rf bin
