package cisco

import "linecard/internal/phone"

var models = []phone.Model{}
