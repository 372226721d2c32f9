"""Extensions that only pages need, created unbound; `app.web.setup` binds them.

They are not in `app.extensions`, which every command loads.
"""

from flask_bootstrap import Bootstrap5
from flask_login import LoginManager
from flask_wtf import CSRFProtect

login_manager = LoginManager()
csrf = CSRFProtect()
bootstrap = Bootstrap5()
