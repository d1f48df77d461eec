package deploy

import "fmt"

// Every store lays a model out as one partition of items, told apart by a sort key. Sort keys are so written that the
// order of their bytes is that of versions and of time.
const (
	// MetaKey is the sort key of the model itself.
	MetaKey = "META"

	VersionPrefix    = "VERSION#"
	DeploymentPrefix = "DEPLOYMENT#"
	AuditPrefix      = "AUDIT#"
)

// PartitionKey gives the partition of a model.
func PartitionKey(id string) string { return "MODEL#" + id }

// VersionKey gives the sort key of a version: VERSION#000042. Beyond six digits a tilde, which comes after all digits,
// keeps the order.
func VersionKey(number int) string {
	if number > 999_999 {
		return fmt.Sprintf("%s~%012d", VersionPrefix, number)
	}
	return fmt.Sprintf("%s%06d", VersionPrefix, number)
}

// DeploymentKey gives the sort key of a deployment.
func DeploymentKey(id string) string { return DeploymentPrefix + id }

// AuditKey gives the sort key of an entry of the audit.
func AuditKey(id string) string { return AuditPrefix + id }

// Unfinished says that there is something to do for a model, should nobody be at it: stores have an index of these.
func (m Model) Unfinished() bool { return m.Open != "" || len(m.Garbage) > 0 || m.Restore || m.Untidy }
