# sam build runs make in a scratch copy of the function's folder; the sources and go.mod are at the project's root.
ROOT := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))../..)

build-%:
	@$(MAKE) --no-print-directory -C $(ROOT) $@ ARCHITECTURE=$(ARCHITECTURE) ARTIFACTS_DIR="$(abspath $(ARTIFACTS_DIR))"
