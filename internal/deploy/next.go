package deploy

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/handoff-pmml/handoff/internal/catalog"
)

const (
	// maxAttempts is how often an effect is begun. The process that compiles a document may end three times while doing
	// so: once or twice can be the machine's fault, or somebody's who restarts it.
	maxAttempts = 3
	// defaultKeep is how many versions can come back, the live one included.
	defaultKeep = 3
	// maxTouched is how many versions are changed in one transition: a transaction of DynamoDB has at most 100 items.
	maxTouched = 50
	// keepDeleted is how long a deleted model can come back.
	keepDeleted = 30 * 24 * time.Hour
)

// A RefusedError says why something that somebody asked for cannot begin.
type RefusedError struct{ Message string }

func (e *RefusedError) Error() string { return e.Message }

// ErrBusy says that the open deployment must come to its end first: what runs is about to change.
var ErrBusy = errors.New("another change of the model is at its last step")

// A Turn says when an event is taken, and who takes it.
type Turn struct {
	At     time.Time
	Worker string    // process that is to do what follows
	Until  time.Time // by then it has done that, or is gone; zero: it is gone whenever another one asks
	Keep   int       // versions that can come back where the settings do not say, the live one included; 0: 3

	Effect Effect // that the event answers; nil: none, or nobody else can have changed the model since
	Rev    int64  // revision of the model for which the effect was given
}

// Next says what an event makes of a model: what is written down, and what is to be done in the world then. It reads no
// clock and touches nothing, so that whoever repeats it gets the same. An event that says nothing new gives a transition
// without a Model.ID, and what there is still to do, if it is this worker's to do. Errors: ErrBusy, *RefusedError.
func Next(s Status, e Event, t Turn) (Transition, []Effect, error) {
	c := begin(s, t)
	if err := c.take(e); err != nil {
		return Transition{}, nil, err
	}
	c.claim()
	return c.finish(), c.pending(), nil
}

// A change is a transition that is being made.
type change struct {
	model      Model
	versions   map[int]Version
	deployment *Deployment // the open one
	turn       Turn
	at         time.Time

	touched map[int]bool // versions to be written
	ended   []Deployment
	audits  []Audit
	changed bool
	idle    Effect // what failed waits until somebody resumes it; nil: nothing failed
	held    bool   // another worker is at the open deployment
}

func begin(s Status, t Turn) *change {
	c := &change{model: s.Model, versions: map[int]Version{}, turn: t, at: t.At.UTC().Truncate(time.Millisecond), touched: map[int]bool{}}
	c.model.Seen = maps.Clone(s.Model.Seen)
	c.model.Kept = slices.Clone(s.Model.Kept)
	c.model.Garbage = slices.Clone(s.Model.Garbage)
	for _, v := range s.Versions {
		c.versions[v.Number] = v
	}
	if s.Deployment != nil {
		d := *s.Deployment
		d.Steps = slices.Clone(d.Steps)
		c.deployment = &d
	}
	if c.at.Before(c.model.Updated) { // the clock went back: history does not
		c.at = c.model.Updated
	}
	return c
}

func (c *change) take(e Event) error {
	switch e := e.(type) {
	case Uploaded:
		return c.uploaded(e)
	case Removed:
		return c.removed(e)
	case RollbackAsked:
		return c.rollbackAsked(e)
	case SettingsChanged:
		return c.settingsChanged(e)
	case Resumed: // claim does it
	case Lost:
		c.lost()
	case Expired:
		c.expired()
	case WasFailed:
		if !c.late() {
			c.failed(e)
		}
	default:
		if !c.late() {
			c.answered(e)
		}
	}
	return nil
}

// late says whether somebody has changed the model since the effect was given that is answered: another process that has
// heard of something else, or has taken over. Then the answer may be about what nobody wants any more, and says nothing; if
// the effect still is to be done, it is done again. What it has left behind is removed.
func (c *change) late() bool {
	if c.turn.Effect == nil || c.turn.Rev == c.model.Rev {
		return false
	}
	switch e := c.turn.Effect.(type) {
	case Check:
		c.litter(e.Version)
	case Compile:
		c.litter(e.Version)
	case Verify:
		c.litter(e.Version)
	case Pack:
		c.litter(e.Version)
	case Publish:
		if !c.model.Untidy {
			c.model.Untidy, c.changed = true, true
		}
	}
	return true
}

// litter marks the files of a version as garbage that were written when they had been removed already.
func (c *change) litter(v Version) {
	if n := v.Number; !slices.Contains(c.model.Kept, n) && !slices.Contains(c.model.Garbage, n) {
		c.model.Garbage = append(c.model.Garbage, n)
		c.changed = true
	}
}

// answered takes the answer of an effect. One that does not fit the state is of another time and says nothing.
func (c *change) answered(e Event) {
	if e, ok := e.(WasCollected); ok {
		c.collected(e)
		return
	}
	if c.deployment == nil {
		c.restored(e)
		return
	}
	switch e := e.(type) {
	case WasRejected:
		if s := c.deployment.State; s == Received || s == Checked || s == Compiled || s == Verified || s == Published {
			c.seeAll(e.Sidecars)
			c.reject(e.Rejection)
		}
	case WasReplaced:
		if c.deployment.State == Received {
			c.abandon(Superseded)
		}
	case WasChecked:
		if c.deployment.State == Received {
			c.checked(e)
		}
	case WasCompiled:
		if c.deployment.State == Checked {
			v := c.version()
			v.Evaluator, v.CompiledBytes = e.Evaluator, e.Bytes
			c.put(v)
			c.enter(Compiled)
		}
	case WasVerified:
		if c.deployment.State == Compiled {
			v := c.version()
			v.Schema, v.Portrait, v.Rows = e.Schema, e.Portrait, e.Rows
			v.Portrait.Document, v.Portrait.Created = v.Document, v.Created
			c.put(v)
			c.deployment.Warnings = cutWarnings(c.deployment.Warnings, e.Warnings)
			c.enter(Verified)
		}
	case WasPackaged:
		if c.deployment.State == Verified {
			v := c.version()
			v.Package = e.Package
			c.put(v)
			c.enter(Packaged)
		}
	case WasPublished:
		if c.deployment.State == Packaged {
			c.deployment.Published = e.Name
			c.enter(Published)
		}
	case WasSmoked:
		if c.deployment.State == Published {
			v := c.version()
			v.ColdMS, v.WarmMS = e.Cold.Milliseconds(), e.Warm.Milliseconds()
			c.put(v)
			c.enter(Smoked)
		}
	case WasUnpublished:
		c.unpublished()
	case WasSwitched:
		if c.deployment.State == Smoked {
			c.live()
		}
	case WasStopped:
		if c.deployment.State == Draining {
			c.stopped()
		}
	}
}

// ---- what somebody wants

func (c *change) uploaded(e Uploaded) error {
	key := e.Object.Key
	if c.deployment != nil && c.deployment.State == Draining {
		return ErrBusy // the model is about to belong to no key
	}
	if c.model.Seen[key] == e.Object.Version && !e.Again {
		return nil
	}
	if c.model.Source != "" && key != c.model.Source {
		c.see(key, e.Object.Version)
		c.refuse(e.ID, Upload, &e.Object, e.By, catalog.Rejection{Code: "key",
			Message: fmt.Sprintf("the model belongs to %s: remove that before %s can be deployed", c.model.Source, key)})
		return nil
	}
	if err := c.supersede(); err != nil {
		return err
	}
	c.see(key, e.Object.Version)
	c.model.Last++
	number := c.model.Last
	c.model.Desired = number
	c.model.Kept = append(c.model.Kept, number)
	c.put(Version{Model: c.model.ID, Number: number, Deployment: e.ID, Object: e.Object.cut(), Created: c.at})
	c.open(e.ID, Upload, number, Received, &e.Object, e.By)
	return nil
}

func (c *change) removed(e Removed) error {
	if e.Key != "" && c.model.Seen[e.Key] == "" {
		return nil
	}
	if e.Key != "" && e.Key != c.model.Source && c.model.Live != 0 {
		c.see(e.Key, "") // what is live never was this document
		if d := c.deployment; d != nil && d.Kind == Upload && d.Object.Key == e.Key {
			return c.supersede()
		}
		return nil
	}
	onItsWay := c.deployment != nil
	if err := c.supersede(); err != nil {
		return err
	}
	if c.model.Live == 0 {
		if len(c.model.Seen) > 0 || c.model.Rejection != nil {
			c.forgetSource()
		}
		if onItsWay { // who ended that is to be found in the history
			c.end(c.newDeployment(e.ID, Removal, 0, objectOf(e.Key), e.By), Deleted, 0)
		}
		return nil
	}
	c.model.Desired = 0
	c.open(e.ID, Removal, 0, Draining, objectOf(e.Key), e.By)
	return nil
}

// forgetSource frees the model of the key that it belongs to: whatever is found under any of its keys is new.
func (c *change) forgetSource() {
	c.model.Source, c.model.Seen, c.model.Rejection = "", nil, nil
	c.changed = true
}

func objectOf(key string) *Object {
	if key == "" {
		return nil
	}
	return &Object{Key: key}
}

func (c *change) rollbackAsked(e RollbackAsked) error {
	to := e.To
	if to == 0 {
		to = c.model.Previous
	}
	v, kept := c.versions[to]
	switch {
	case to == 0:
		return &RefusedError{"there is no earlier version"}
	case to == c.model.Live:
		return &RefusedError{fmt.Sprintf("version %d is live", to)}
	case !kept || v.State != Retired && v.State != RolledBack:
		return &RefusedError{fmt.Sprintf("version %d cannot come back: it is not kept, or was never live", to)}
	}
	if err := c.supersede(); err != nil {
		return err
	}
	kind := Rollback
	if c.model.Live == 0 {
		kind = Undelete
	}
	c.model.Desired = to
	c.open(e.ID, kind, to, Smoked, nil, e.By)
	return nil
}

func (c *change) settingsChanged(e SettingsChanged) error {
	if c.model.Last == 0 || c.model.Seen[e.Object.Key] == e.Object.Version {
		return nil
	}
	if d := c.deployment; d != nil && d.Kind == Upload && d.State != Received {
		return ErrBusy // it has read the settings before, and brings those with it
	}
	state, changed := c.model.Settings.change(e.Settings)
	if e.Rejection == nil && c.model.Live != 0 && changed && c.deployment != nil {
		if c.deployment.Kind == Upload {
			return ErrBusy // it is about to read them
		}
		if err := c.supersede(); err != nil {
			return err
		}
	}
	c.see(e.Object.Key, e.Object.Version)
	if c.model.Live == 0 {
		return nil // they count when something is deployed
	}
	if e.Rejection != nil {
		c.refuse(e.ID, Change, &e.Object, e.By, *e.Rejection)
		return nil
	}
	if changed {
		c.open(e.ID, Change, c.model.Live, state, &e.Object, e.By)
		c.deployment.Settings = &e.Settings
		return nil
	}
	c.model.Settings = e.Settings
	d := c.newDeployment(e.ID, Change, c.model.Live, &e.Object, e.By)
	c.end(d, Live, c.model.Live)
	c.retain()
	return nil
}

// supersede ends an open deployment for a newer one.
func (c *change) supersede() error {
	if c.deployment == nil {
		return nil
	}
	if c.deployment.State == Smoked || c.deployment.State == Draining {
		return ErrBusy
	}
	c.abandon(Superseded)
	return nil
}

// ---- the steps of a deployment

func (c *change) newDeployment(id string, kind Kind, version int, o *Object, by By) Deployment {
	if o != nil {
		short := o.cut()
		o = &short
	}
	return Deployment{Model: c.model.ID, ID: id, Kind: kind, Version: version, From: c.model.Live, Object: o, By: by.cut(), Created: c.at}
}

func (c *change) open(id string, kind Kind, version int, state State, o *Object, by By) {
	d := c.newDeployment(id, kind, version, o, by)
	c.deployment = &d
	c.model.Open = id
	c.enter(state)
}

// enter brings the open deployment into a state, in which it waits for an effect.
func (c *change) enter(s State) {
	d := c.deployment
	d.State, d.Attempts, d.Failure, d.Updated = s, 1, "", c.at
	d.Worker, d.Until = c.turn.Worker, c.turn.Until
	d.Steps = append(d.Steps, Step{s, c.at})
	if d.Kind == Upload {
		v := c.version()
		v.State = s
		c.put(v)
	}
	c.changed = true
}

// refuse writes down a deployment that ends before it begins.
func (c *change) refuse(id string, kind Kind, o *Object, by By, r catalog.Rejection) {
	d := c.newDeployment(id, kind, 0, o, by)
	r = cutRejection(r)
	d.Rejection = &r
	c.end(d, Rejected, c.model.Live)
}

// end writes down that a deployment is over, and who did that.
func (c *change) end(d Deployment, s State, after int) {
	d.State, d.Attempts, d.Updated = s, 0, c.at
	d.Worker, d.Until = "", time.Time{}
	if s != Failed {
		d.Failure = "" // what was in the way was not for long
	}
	d.Steps = append(d.Steps, Step{s, c.at})
	c.ended = append(c.ended, d)
	c.audits = append(c.audits, Audit{
		Model: d.Model, ID: d.ID, At: c.at, Actor: d.By.Actor, Reason: d.By.Reason, Action: d.Kind, Outcome: s,
		Before: d.From, After: after, Deployment: d.ID,
	})
	c.changed = true
}

// close ends the open deployment.
func (c *change) close(s State) {
	d := *c.deployment
	c.deployment, c.model.Open = nil, ""
	c.end(d, s, c.model.Live)
}

func (c *change) checked(e WasChecked) {
	v := c.version()
	v.Document, v.ModelName, v.Settings, v.Golden, v.Baseline = e.Document, e.ModelName, e.Settings, e.Golden, e.Baseline
	c.put(v)
	c.seeAll(e.Sidecars)
	c.enter(Checked)
}

func (c *change) live() {
	d := c.deployment
	v := c.versions[d.Version]
	if old, ok := c.versions[c.model.Live]; ok && old.Number != v.Number {
		old.State = Retired
		if d.Kind == Rollback && v.Number < old.Number {
			old.State = RolledBack
		}
		c.put(old)
	}
	v.State, v.Since = Live, c.at
	if d.Kind == Change {
		v.Settings = v.Settings.published(*d.Settings)
	}
	if name := d.Published; name != "" {
		if d.Again > 0 { // what was published before is gone, or is to go
			v.Published, c.model.Untidy = nil, true
		}
		c.publish(&v, name)
	}
	c.put(v)
	c.model.Live, c.model.Desired = v.Number, v.Number
	c.model.Previous = c.previous()
	c.model.Deleted, c.model.Rejection, c.model.Restore = time.Time{}, nil, false
	switch d.Kind {
	case Upload:
		c.model.Source, c.model.Settings = d.Object.Key, v.Settings
	case Change:
		c.model.Settings = *d.Settings
	default: // what runs has its own: a change that asks for others must be seen as one
		c.model.Settings = c.model.Settings.published(v.Settings)
	}
	c.model.Serves = v.Portrait
	c.close(Live)
	c.retain()
}

// keptNames is how many names of one version are kept: what was asked before the last one took its place may still run.
const keptNames = 2

// publish notes the name under which a version stands ready now.
func (c *change) publish(v *Version, name string) {
	v.Published = slices.DeleteFunc(slices.Clone(v.Published), func(n string) bool { return n == name })
	v.Published = append(v.Published, name)
	if more := len(v.Published) - keptNames; more > 0 {
		v.Published = v.Published[more:]
		c.model.Untidy = true
	}
}

// unpublished publishes once more what is gone.
func (c *change) unpublished() {
	d := c.deployment
	switch {
	case d.State != Published && d.State != Smoked:
	case d.Again >= maxAttempts:
		c.giveUp("what was published is gone again and again")
	default:
		d.Again++
		d.Published = ""
		c.enter(Packaged)
	}
}

// previous gives the version that somebody who wants to undo is likely to want: the one that was live last and that
// nobody has gone back from.
func (c *change) previous() int {
	last := Version{}
	for _, n := range c.model.Kept {
		if v := c.versions[n]; v.State == Retired && (last.Number == 0 || !v.Since.Before(last.Since)) {
			last = v
		}
	}
	return last.Number
}

// retain keeps the newest versions, and marks the others as garbage.
func (c *change) retain() {
	keep := cmp.Or(c.model.Settings.Keep, c.turn.Keep, defaultKeep)
	kept := slices.Clone(c.model.Kept)
	for i, n := range kept {
		if len(kept)-i > keep && len(c.touched) < maxTouched && n != c.model.Live && n != c.model.Previous && n != c.model.Desired {
			c.discard(n)
		}
	}
}

// discard marks a version's files as garbage.
func (c *change) discard(n int) {
	c.model.Kept = slices.DeleteFunc(c.model.Kept, func(k int) bool { return k == n })
	c.model.Garbage = append(c.model.Garbage, n)
	if v := c.versions[n]; v.State == Retired || v.State == RolledBack {
		v.State = Collected
		c.put(v)
	}
	c.changed = true
}

func (c *change) stopped() {
	if old, ok := c.versions[c.model.Live]; ok {
		old.State = Retired
		c.put(old)
	}
	c.model.Live, c.model.Desired = 0, 0
	c.model.Previous = c.previous()
	c.model.Deleted, c.model.Restore = c.at, false
	c.forgetSource() // not before: whoever looks after a removal that has failed must find that something is gone
	c.close(Deleted)
}

// reject ends the open deployment for what is wrong with its document.
func (c *change) reject(r catalog.Rejection) {
	r = cutRejection(r)
	c.deployment.Rejection = &r
	if c.model.Live == 0 {
		c.model.Rejection = &r
	}
	c.abandon(Rejected)
}

// abandon ends the open deployment without its version: what was live is what is wanted again.
func (c *change) abandon(s State) {
	if d := c.deployment; d.Worker != c.turn.Worker && c.at.Before(d.Until) && c.model.Busy.Before(d.Until) {
		c.model.Busy = d.Until // it may be at an effect, and end before its answer
	}
	if c.deployment.Kind == Upload {
		v := c.version()
		v.State = s
		c.put(v)
		c.discard(v.Number)
	}
	c.model.Untidy = c.model.Untidy || c.deployment.mayHavePublished()
	c.model.Restore = c.model.Restore || c.deployment.Again > 0 // the files of a version say by now that it is live
	c.model.Desired = c.model.Live
	c.close(s)
}

// mayHavePublished says whether something may be published that nobody needs when the deployment ends now.
func (d *Deployment) mayHavePublished() bool {
	return d.State == Packaged || d.State == Published || d.Published != ""
}

// claim lets this worker go on with the open deployment of one that is gone, or of an invocation of its own that ran out of
// time. That has ended over the effect of the state, which begins once more. A document at which the process has ended again
// and again is rejected: it takes more memory or time than there is. A version that was on its way to where it runs then is given up, so that what was live gets a process
// that stays.
func (c *change) claim() {
	d := c.deployment
	switch {
	case d == nil || d.Worker == c.turn.Worker && d.Until.Equal(c.turn.Until): // if it begins once more, nobody has ended
	case c.at.Before(d.Until) && d.Worker != c.turn.Worker: // our own earlier invocation is over
		c.held = true
	case d.Attempts < maxAttempts:
		c.attempt()
	case d.State == Checked || d.State == Compiled:
		c.reject(catalog.Rejection{Code: "resources",
			Message: fmt.Sprintf("the process ended %d times while it compiled or verified the document", d.Attempts)})
	case d.State == Received || d.State == Draining:
		c.attempt()
	default:
		c.giveUp(fmt.Sprintf("the process ended %d times while the version went live", d.Attempts))
	}
}

func (c *change) attempt() {
	c.deployment.Attempts++
	c.deployment.Worker, c.deployment.Until = c.turn.Worker, c.turn.Until
	c.deployment.Updated = c.at
	c.changed = true
}

// failed tries an effect of the open deployment again, or gives the deployment up.
func (c *change) failed(e WasFailed) {
	d := c.deployment
	if d == nil || !belongs(e.Effect, d.State) {
		c.idle = e.Effect // garbage and what is to be restored wait for a better time
		return
	}
	if d.Attempts >= maxAttempts {
		c.giveUp(e.Cause)
		return
	}
	d.Failure = cut(e.Cause, maxText)
	c.attempt()
}

// giveUp ends the open deployment for what the system could not do.
func (c *change) giveUp(cause string) {
	d := c.deployment
	d.Failure = cut(cause, maxText)
	c.model.Restore = c.model.Restore || d.State == Smoked || d.State == Draining
	c.abandon(Failed)
}

// publishes says whether an effect can find that what was published is gone, and a deployment can publish it again.
func publishes(e Effect) bool {
	switch e.(type) {
	case Smoke, Switch:
		return true
	}
	return false
}

func belongs(e Effect, s State) bool {
	switch e.(type) {
	case Check:
		return s == Received
	case Compile:
		return s == Checked
	case Verify:
		return s == Compiled
	case Pack:
		return s == Verified
	case Publish:
		return s == Packaged
	case Smoke:
		return s == Published
	case Switch:
		return s == Smoked
	case Stop:
		return s == Draining
	}
	return false
}

// lost lets the live version be brought back: at once, or when an open deployment ends without another one.
func (c *change) lost() {
	if c.model.Live != 0 && !c.model.Restore {
		c.model.Restore, c.changed = true, true
	}
}

// restored takes the answer of an effect that put right what runs.
func (c *change) restored(e Event) {
	switch e.(type) {
	case WasSwitched, WasStopped:
		if c.model.Restore {
			c.model.Restore, c.changed = false, true
		}
	}
}

func (c *change) collected(e WasCollected) {
	before := len(c.model.Garbage)
	c.model.Garbage = slices.DeleteFunc(c.model.Garbage, func(n int) bool { return slices.Contains(e.Versions, n) })
	c.changed = c.changed || len(c.model.Garbage) != before || c.model.Untidy
	c.model.Untidy, c.model.Busy = false, time.Time{}
}

func (c *change) expired() {
	if c.deployment != nil || c.model.Deleted.IsZero() || c.at.Before(c.model.Deleted.Add(keepDeleted)) {
		return
	}
	for _, n := range slices.Clone(c.model.Kept) {
		if len(c.touched) < maxTouched {
			c.discard(n)
		}
	}
	c.model.Previous = 0
}

// ---- what comes of it

func (c *change) version() Version { return c.versions[c.deployment.Version] }

// candidate is the version of the open deployment as it is to run: with the settings that hold then, under the name that
// was published last.
func (c *change) candidate() Version {
	v := c.version()
	if s := c.deployment.Settings; s != nil {
		v.Settings = v.Settings.published(*s)
	}
	if name := c.deployment.Published; name != "" {
		v.Published = append(slices.Clone(v.Published), name)
	}
	return v
}

// after is the model as it is when the open deployment is live.
func (c *change) after() Model {
	m := c.model
	switch d := c.deployment; d.Kind {
	case Upload:
		m.Settings = c.version().Settings
	case Change:
		m.Settings = *d.Settings
	}
	return m
}

// names are those under which something stands ready that may be needed.
func (c *change) names() []string {
	var names []string
	for _, n := range c.model.Kept {
		names = append(names, c.versions[n].Published...)
	}
	return names
}

func (c *change) put(v Version) {
	c.versions[v.Number] = v
	c.touched[v.Number] = true
	c.changed = true
}

func (c *change) see(key, version string) {
	if version == c.model.Seen[key] {
		return
	}
	if c.model.Seen == nil {
		c.model.Seen = map[string]string{}
	}
	if version == "" {
		delete(c.model.Seen, key)
	} else {
		c.model.Seen[key] = version
	}
	c.changed = true
}

func (c *change) seeAll(versions map[string]string) {
	for key, version := range versions {
		c.see(key, version)
	}
}

func (c *change) finish() Transition {
	if !c.changed {
		return Transition{}
	}
	c.model.Rev++
	if c.model.Created.IsZero() {
		c.model.Created = c.at
	}
	c.model.Updated = c.at
	t := Transition{Model: c.model, Deployments: c.ended, Audits: c.audits}
	for _, n := range slices.Sorted(maps.Keys(c.touched)) {
		t.Versions = append(t.Versions, c.versions[n])
	}
	if c.deployment != nil {
		t.Deployments = append(t.Deployments, *c.deployment)
	}
	if n := len(t.Deployments); n > 0 {
		t.Model.Latest = t.Deployments[n-1].Summary()
	}
	return t
}

// pending is what there is to do in the world.
func (c *change) pending() []Effect {
	if d := c.deployment; d != nil {
		if c.idle != nil || c.held {
			return nil
		}
		return []Effect{c.effectOf(d)}
	}
	var effects []Effect
	if _, failed := c.idle.(Collect); failed {
		return nil
	}
	if c.model.Restore && c.idle == nil {
		if v, ok := c.versions[c.model.Live]; ok {
			effects = append(effects, Switch{v, c.model})
		} else {
			effects = append(effects, Stop{c.model})
		}
	}
	if (len(c.model.Garbage) > 0 || c.model.Untidy) && !c.at.Before(c.model.Busy) {
		effects = append(effects, Collect{c.model, slices.Clone(c.model.Garbage), c.names()})
	}
	return effects
}

func (c *change) effectOf(d *Deployment) Effect {
	switch d.State {
	case Received:
		return Check{c.version()}
	case Checked:
		return Compile{c.version()}
	case Compiled:
		return Verify{c.version(), c.model.Live}
	case Verified:
		return Pack{c.candidate()}
	case Packaged:
		return Publish{c.candidate(), c.after()}
	case Published:
		return Smoke{c.candidate()}
	case Smoked:
		return Switch{c.candidate(), c.after()}
	}
	return Stop{c.model}
}
