# One image for web, worker and beat; compose.yaml says which is which.
FROM node:24-slim AS assets
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM python:3.13-slim
WORKDIR /srv/tonus
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt && useradd --system --home-dir /data tonus && install -d -o tonus /data
COPY --from=assets /src/node_modules node_modules
COPY . .
USER tonus
ENV PYTHONUNBUFFERED=1 DJANGO_SETTINGS_MODULE=clinic.settings TONUS_DATA=/data
CMD ["gunicorn", "clinic.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--preload", "--no-control-socket"]
