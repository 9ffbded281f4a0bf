# UNTESTED: written where no container engine was at hand. What does not hold, please report. See docs/deploy.md.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
RUN python -m venv /regulars
COPY requirements/base.txt requirements/
RUN /regulars/bin/pip install --require-hashes --requirement requirements/base.txt \
    && /regulars/bin/pip install "psycopg[binary]>=3.2"
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY src src
RUN /regulars/bin/pip install --no-deps .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home --home-dir /data regulars
COPY --from=build /regulars /regulars
ENV PATH=/regulars/bin:$PATH PYTHONUNBUFFERED=1 REGULARS_HOME=/data
USER regulars
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
STOPSIGNAL SIGINT
ENTRYPOINT ["regulars"]
CMD ["serve", "--host", "0.0.0.0", "--workers", "2"]
