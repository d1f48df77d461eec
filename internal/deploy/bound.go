package deploy

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
)

// What comes from outside is cut before it is written down: an item of DynamoDB has at most 400,000 bytes, and people
// read no more.
const (
	maxName     = 256   // bytes of whom or what somebody names
	maxText     = 1_000 // bytes of a cause, a reason, a warning or a path
	maxMessage  = 8_000 // bytes of the message of a rejection: it may list many things
	keptFaults  = 50    // faults of a rejection
	maxWarnings = 50    // of one deployment
)

// cut shortens a text to at most n bytes, and says so at its end. What is no UTF-8 is replaced: it could not be kept.
func cut(text string, n int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= n {
		return text
	}
	n -= len("…")
	for !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}

func (b By) cut() By { return By{Actor: cut(b.Actor, maxName), Reason: cut(b.Reason, maxText)} }

func (o Object) cut() Object {
	o.Metadata.ModelName, o.Metadata.By = cut(o.Metadata.ModelName, maxText), o.Metadata.By.cut()
	return o
}

func cutRejection(r catalog.Rejection) catalog.Rejection {
	r.Message, r.File, r.Field = cut(r.Message, maxMessage), cut(r.File, maxName), cut(r.Field, maxText)
	faults := r.Faults
	if len(faults) > keptFaults {
		r.More += len(faults) - keptFaults
		faults = faults[:keptFaults]
	}
	r.Faults = make([]evaluator.Fault, len(faults))
	for i, f := range faults {
		f.Path, f.Message = cut(f.Path, maxText), cut(f.Message, maxText)
		r.Faults[i] = f
	}
	if len(faults) == 0 {
		r.Faults = nil
	}
	return r
}

// cutWarnings adds warnings to those that there are.
func cutWarnings(before, more []string) []string {
	all := append([]string(nil), before...)
	for i, w := range more {
		if len(all) >= maxWarnings {
			return append(all, fmt.Sprintf("and %d more", len(more)-i))
		}
		all = append(all, cut(w, maxText))
	}
	return all
}
