# Everything here needs Go alone, but for the targets about the join page (Node),
# its tests (Chromium, and Firefox with "make firefox-driver"), the MCP clients of
# others (Node, "make clients"), the scripts that call the HTTP APIs (curl) and
# the tests on PostgreSQL and with a LiveKit of two nodes (redis-server); tests are
# skipped without. CI calls the same targets.
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  ?= $(shell git rev-parse --short HEAD 2>/dev/null)
BUILD   := roomkey/cmd/roomkey/internal/build
LDFLAGS := -s -w -X $(BUILD).version=$(VERSION) -X $(BUILD).commit=$(COMMIT)
LINTER  := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

export CGO_ENABLED ?= 0

.PHONY: run help build quick test nightly race mutants lint fuzz fuzz-short tidy-check golden clients page page-check firefox-driver pictures bench bench-short tidy clean

run: build ## build, start, print a link to the console, and say what to paste into a client
	./bin/roomkey serve --console

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

build: ## bin/roomkey
	$(GO) build -buildvcs=false -trimpath -ldflags "$(LDFLAGS)" -o bin/roomkey ./cmd/roomkey

# These come last and alone: browsers, and participants whose patience is
# measured, need the machine to themselves. e2e runs the program as it is built,
# in processes of its own: the race detector does not see it there, nor does
# go test know when its result is old.
PAGE_TESTS  = ./web/pagetest
E2E_TESTS   = ./e2e
OTHER_TESTS = $(shell $(GO) list ./... | grep -v -e /web/pagetest -e /e2e)

# Packages whose tests link the LiveKit inside.
WITH_MEDIA = $(shell $(GO) list -test -f '{{$$p := .}}{{range .Deps}}{{if eq . "roomkey/livekit/embedded"}}{{$$p.ForTest}}{{end}}{{end}}' ./... | sort -u)

quick: ## the tests that need neither media nor browsers, in seconds
	$(GO) test $(TESTFLAGS) $(filter-out $(WITH_MEDIA) %/embedded %/livekitd %/meettest %/mutants %/e2e %/pagetest,$(shell $(GO) list ./...))

# Most tests wait more than they compute, so four of a package run at a time. Those with
# browsers compute: there it is one for each processor.
test: ## all tests, with a real LiveKit in process and real participants
	$(GO) test -parallel 4 -timeout 20m $(TESTFLAGS) $(OTHER_TESTS)
	$(GO) test -count=1 -timeout 20m $(TESTFLAGS) $(E2E_TESTS)
	$(GO) test -timeout 20m $(TESTFLAGS) $(PAGE_TESTS)
	cd bench && $(GO) test $(TESTFLAGS) ./...

nightly: ## kill parts of a cluster a hundred times while 50 clients work (needs PostgreSQL and Redis; half an hour)
	ROOMKEY_TEST_ROUNDS=100 $(GO) test -count=1 -timeout 90m -v $(TESTFLAGS) $(E2E_TESTS) -run '^TestKilledInRounds$$'

# SQLite is translated from C and keeps its data outside of Go's memory, where the race
# detector sees nothing. To ask it at every access only makes the tests twice as slow.
RACE = -race -gcflags='modernc.org/sqlite/lib=-race=false -d=checkptr=0'

# Tests of what the page does by itself, where the server has nothing new to do.
OF_THE_PAGE = '^Test(APhoneShowsSixOthers|Blur|BlurByCanvas|BlurFails|BlurIsNotOffered|BlurIsWaitedFor|$\
	ControlsStayInPlace|Docs|Keyboard|KeyboardInTheMenu|Looks|Pictures|ThePageSpeaksGerman)$$'

race: export GORACE = suppressions=$(CURDIR)/livekit/livekittest/races.txt
race: export CGO_ENABLED = 1
race: ## the same under the race detector (needs a C compiler)
	$(GO) test $(RACE) -parallel 4 -timeout 20m $(TESTFLAGS) $(OTHER_TESTS)
	$(GO) test $(RACE) -timeout 20m $(TESTFLAGS) -skip $(OF_THE_PAGE) $(PAGE_TESTS)
	cd bench && $(GO) test $(RACE) $(TESTFLAGS) ./...

mutants: ## change meet in 30 places, one at a time: each ought to fail a test (SEED=2 takes others; half an hour)
	$(GO) run ./meet/meettest/mutants -n 30 -seed $(or $(SEED),1)

lint: bin/golangci-lint ## go vet and golangci-lint
	$(GO) vet ./...
	./bin/golangci-lint run ./...
	cd bench && $(GO) vet ./...

bin/golangci-lint:
	GOBIN=$(CURDIR)/bin $(GO) install $(LINTER)

FUZZ_TARGETS = meet/FuzzParseCode meet/FuzzCleanText auth/FuzzVerify tools/FuzzArguments tools/FuzzMessage \
	web/servicetest/FuzzExchange web/servicetest/FuzzRooms web/servicetest/FuzzRoomCodes cmd/roomkey/internal/config/FuzzConfig

FUZZTIME ?= 1m

fuzz: ## a minute for each fuzz target
	set -e; for t in $(FUZZ_TARGETS); do $(GO) test ./$${t%/*} -run '^$$' -fuzz "^$${t##*/}$$" -fuzztime $(FUZZTIME); done

fuzz-short: ## a thousand inputs for each (by number: at the end of a time go test may report its own deadline as a failure)
	$(MAKE) fuzz FUZZTIME=1000x

golden: ## rewrite the golden files; read the diff
	$(GO) test ./meet ./tools ./tools/servicetest ./livekit -update
	$(GO) test ./e2e -run '^TestTaskTable$$' -update

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

pictures: ## take the pictures of the join page and the console in docs/pictures (needs Chromium and Firefox)
	$(GO) test ./web/pagetest -count=1 -run 'TestLooks|TestPictures|TestFirefoxAndChromium/with_the_defaults' -pictures ../../docs/pictures

bench: build ## measure against the named peers (BEFORE=FILE: and an earlier roomkey); figures for docs/performance.md
	cd bench && $(GO) run . $(if $(BEFORE),-before $(abspath $(BEFORE)))

bench-short: build ## the same, in two minutes
	cd bench && $(GO) run . -short

tidy: # -e: a test dependency of a dependency cannot be had everywhere
	$(GO) mod tidy -e

tidy-check: ## whether go.mod and go.sum are what go mod tidy gives
	$(GO) mod tidy -e -diff
	cd bench && $(GO) mod tidy -e -diff

clean:
	rm -rf bin
