package parts

import (
	"net"
	"strconv"
	"strings"

	"linecard/internal/phone"
)

// Servers writes hosts with their ports, commas between.
func Servers(all []phone.Server) string {
	var out []string
	for _, s := range all {
		if s.Port == 0 {
			out = append(out, s.Host)
			continue
		}
		out = append(out, net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	}
	return strings.Join(out, ", ")
}

// ReadServers is the other way. A port that is no number becomes -1, which the service refuses by its field.
func ReadServers(text string) []phone.Server {
	out := []phone.Server{}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		host, port, err := net.SplitHostPort(part)
		if err != nil {
			out = append(out, phone.Server{Host: part})
			continue
		}
		n, err := strconv.Atoi(port)
		if err != nil {
			n = -1
		}
		out = append(out, phone.Server{Host: host, Port: n})
	}
	return out
}
