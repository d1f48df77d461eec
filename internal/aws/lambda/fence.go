package lambda

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-pmml/handoff/internal/deploy"
)

// A mark is what a description says about the last change, such as "version 3 of iris, revision 17 of
// 2026-03-10T09:30:00.000Z, 2 provisioned". Revisions are compared by their times first: those of a model whose table was
// lost and made anew begin at 1 again, but time goes on.
type mark struct {
	version     int // that the change was about; 0: the model is out of service
	model       string
	at          time.Time
	revision    int64
	provisioned int // environments that were asked for
}

const (
	markTime  = "2006-01-02T15:04:05.000Z07:00"
	noVersion = "nothing"
)

// markOf gives the mark of a change for a model as somebody knows it.
func markOf(m deploy.Model, version int) mark {
	return mark{version: version, model: m.ID, at: m.Updated.UTC().Truncate(time.Millisecond), revision: m.Rev}
}

func (k mark) String() string {
	what := noVersion
	if k.version > 0 {
		what = "version " + strconv.Itoa(k.version)
	}
	s := fmt.Sprintf("%s of %s, revision %d of %s", what, k.model, k.revision, k.at.Format(markTime))
	if k.provisioned > 0 {
		s += fmt.Sprintf(", %d provisioned", k.provisioned)
	}
	return s
}

var markPattern = regexp.MustCompile(`^(?:version ([0-9]{1,9})|nothing) of ([^ ,]+), revision ([0-9]{1,18}) of ([^ ,]+)(?:, ([0-9]{1,9}) provisioned)?$`)

// readMark reads a description. Of one that somebody else has written, the mark is the oldest.
func readMark(description *string) mark {
	parts := markPattern.FindStringSubmatch(text(description))
	if parts == nil {
		return mark{}
	}
	at, err := time.Parse(markTime, parts[4])
	if err != nil {
		return mark{}
	}
	k := mark{model: strings.Clone(parts[2]), at: at.UTC()}
	k.version, _ = strconv.Atoi(parts[1]) // digits, or none: then it is 0
	k.revision, _ = strconv.ParseInt(parts[3], 10, 64)
	k.provisioned, _ = strconv.Atoi(parts[5])
	return k
}

// after says whether a change is newer than another one.
func (k mark) after(other mark) bool {
	if !k.at.Equal(other.at) {
		return k.at.After(other.at)
	}
	return k.revision > other.revision
}

// fence refuses what is asked for if somebody has made a change for a newer revision of the model.
func (w *work) fence(m deploy.Model, descriptions ...*string) error {
	ours := markOf(m, 0)
	for _, d := range descriptions {
		if k := readMark(d); k.after(ours) {
			return fmt.Errorf("%s was changed for revision %d, and this is for revision %d: %w", w.name, k.revision, m.Rev, deploy.ErrConflict)
		}
	}
	return nil
}
