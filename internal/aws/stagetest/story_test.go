package stagetest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/aws/stagetest"
)

// The life of a model, all of it over the HTTP API.
func TestLifeOfAModel(t *testing.T) {
	w := newWorld(t, stagetest.Config{})
	w.want(http.StatusCreated, "PUT", "/model/iris", document(1))
	w.serves(map[string]int{"iris": 1})
	w.want(http.StatusOK, "PUT", "/model/iris", document(2))
	w.serves(map[string]int{"iris": 2})
	w.want(http.StatusBadRequest, "PUT", "/model/iris", "<PMML")
	w.want(http.StatusBadRequest, "PUT", "/model/iris", lineOf(3, 4))
	w.serves(map[string]int{"iris": 2})
	w.want(http.StatusOK, "POST", "/model/iris/rollback", `{"reason":"it was better"}`)
	w.serves(map[string]int{"iris": 1})
	if text := w.want(http.StatusOK, "GET", "/model/iris/pmml", ""); text != document(1) {
		t.Errorf("the document is %s", text)
	}
	w.want(http.StatusOK, "DELETE", "/model/iris", "")
	w.serves(map[string]int{"iris": 0})
	w.want(http.StatusNotFound, "DELETE", "/model/iris", "")
	w.want(http.StatusOK, "POST", "/model/iris/rollback", `{"version":2}`)
	w.serves(map[string]int{"iris": 2})
	if list := w.want(http.StatusOK, "GET", "/model", ""); !strings.Contains(list, `"iris"`) {
		t.Errorf("the list is %s", list)
	}
	w.tells("iris", "UPLOAD LIVE 1", "UPLOAD LIVE 2", "UPLOAD REJECTED 3…", "UPLOAD REJECTED 4…", "ROLLBACK LIVE 1", "REMOVAL DELETED 0", "UNDELETE LIVE 2")
	w.dead(0)
}
